"""What Celery's beat is to run, as the host's own Celery app knows it."""

from __future__ import annotations

from .world import Contract

SECONDS = {"lti_1p3_provider.deliver_scores": 600.0, "lti_1p3_provider.clean_up": 3600.0}


class BeatContract(Contract):
    """Cron's work, on a site that runs Celery's beat."""

    def test_the_hosts_celery_knows_when_to_sweep_and_the_tasks(self) -> None:
        known = self.world.celery.conf.beat_schedule
        for task, seconds in SECONDS.items():
            assert (known[task]["task"], known[task]["schedule"]) == (task, seconds)
            assert task in self.world.celery.tasks
