"""What Celery's beat is to run, as the host's own Celery app knows it."""

from __future__ import annotations

from .world import Contract

TASK = "lti_1p3_provider.deliver_scores"


class BeatContract(Contract):
    """The sweep, on a site that runs Celery's beat."""

    def test_the_hosts_celery_knows_when_to_sweep_and_the_task(self) -> None:
        known = self.world.celery.conf.beat_schedule
        assert (known[TASK]["task"], known[TASK]["schedule"]) == (TASK, 600.0)
        assert TASK in self.world.celery.tasks
