"""What the plugin adds to Tutor's templates. Each patch is a Jinja template, as Tutor's own are."""

from __future__ import annotations

# Tutor 20 has no PIP_COMMAND; later versions set it to "uv pip". A wheel named without a URL is a file that the
# operator put in the build context.
DOCKERFILE = r"""
{%- if LTI_1P3_PROVIDER_PACKAGE %}
{%- set package = LTI_1P3_PROVIDER_PACKAGE|lti_1p3_provider_shell_word %}
{%- set wheel = LTI_1P3_PROVIDER_PACKAGE.endswith(".whl") and "/" not in LTI_1P3_PROVIDER_PACKAGE %}
# Install lti-1p3-provider
RUN --mount=type=cache,target=/openedx/.cache/pip,sharing=shared \
{%- if wheel %}
    --mount=type=bind,source={{ LTI_1P3_PROVIDER_PACKAGE }},target=/tmp/{{ LTI_1P3_PROVIDER_PACKAGE }} \
{%- endif %}
    ${PIP_COMMAND:-pip} install {% if wheel %}/tmp/{% endif %}{{ package }}
{%- endif %}
"""

COMMON_SETTINGS = """
# lti-1p3-provider
ENABLE_LTI_1P3_PROVIDER = True
{%- if LTI_1P3_PROVIDER_WORKER_PROCESSES %}
LTI_1P3_PROVIDER_CELERY_QUEUE = "lti"
{%- endif %}
{{ LTI_1P3_PROVIDER_SETTINGS|lti_1p3_provider_settings }}
"""

# Not in the common settings: `tutor dev` is always http, where browsers refuse SameSite=None.
PRODUCTION_SETTINGS = """
{%- if ENABLE_HTTPS %}
# lti-1p3-provider: browsers send these cookies from a platform's frame only with SameSite=None and Secure.
SESSION_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SAMESITE = "None"
CSRF_COOKIE_SECURE = True
{%- endif %}
"""

# In the deployments file and not in the jobs file: Tutor 20 rewrites k8s/jobs.yml with Jobs only, each time that
# it runs one, which would lose the CronJob.
CRON_JOB = """
{%- if LTI_1P3_PROVIDER_DELIVERY_SCHEDULE %}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: lti-1p3-deliver-scores
  labels:
    app.kubernetes.io/name: lti-1p3-deliver-scores
    app.kubernetes.io/component: cronjob
spec:
  schedule: {{ LTI_1P3_PROVIDER_DELIVERY_SCHEDULE|tojson }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 300
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      # `tutor k8s do` waits for active jobs, so a stuck one must end.
      activeDeadlineSeconds: 1800
      template:
        metadata:
          labels:
            app.kubernetes.io/name: lti-1p3-deliver-scores
        spec:
          restartPolicy: Never
          containers:
          - name: lms
            image: {{ DOCKER_IMAGE_OPENEDX }}
            args: ["./manage.py", "lms", "lti_1p3_deliver_scores"]
            env:
            - name: SERVICE_VARIANT
              value: lms
            - name: DJANGO_SETTINGS_MODULE
              value: lms.envs.tutor.production
            volumeMounts:
            - mountPath: /openedx/edx-platform/lms/envs/tutor/
              name: settings-lms
            - mountPath: /openedx/edx-platform/cms/envs/tutor/
              name: settings-cms
            - mountPath: /openedx/config
              name: config
          volumes:
          - name: settings-lms
            configMap:
              name: openedx-settings-lms
          - name: settings-cms
            configMap:
              name: openedx-settings-cms
          - name: config
            configMap:
              name: openedx-config
{%- endif %}
"""

# Like Tutor's own worker of the LMS, but for the queue and the number of processes.
WORKER_COMMAND = """
{%- for value in (
    "celery", "--app=lms.celery", "worker", "--loglevel=info", "--hostname=edx.lms.lti.%h",
    "--queues=" ~ LTI_1P3_PROVIDER_SETTINGS.get("LTI_1P3_PROVIDER_CELERY_QUEUE", "lti"),
    "--concurrency=" ~ LTI_1P3_PROVIDER_WORKER_PROCESSES, "--max-tasks-per-child=100", "--prefetch-multiplier=1",
    "--without-gossip", "--without-mingle") %}
      - {{ value|tojson }}
{%- endfor %}
"""

WORKER_SERVICE = (
    """
{%- if LTI_1P3_PROVIDER_WORKER_PROCESSES %}
lms-lti-worker:
  image: {{ DOCKER_IMAGE_OPENEDX }}
  environment:
    SERVICE_VARIANT: lms
    DJANGO_SETTINGS_MODULE: lms.envs.tutor.production
  command:"""
    + WORKER_COMMAND.rstrip()
    + """
  restart: unless-stopped
  volumes:
    - ../apps/openedx/settings/lms:/openedx/edx-platform/lms/envs/tutor:ro
    - ../apps/openedx/settings/cms:/openedx/edx-platform/cms/envs/tutor:ro
    - ../apps/openedx/config:/openedx/config:ro
    - ../../data/lms:/openedx/data
    - ../../data/openedx-media:/openedx/media
    - ../../data/openedx-media-private:/openedx/media-private
    {%- for mount in iter_mounts(MOUNTS, "openedx", "lms-worker") %}
    - {{ mount }}
    {%- endfor %}
  depends_on:
    - lms
{%- endif %}
"""
)

WORKER_DEPLOYMENT = (
    """
{%- if LTI_1P3_PROVIDER_WORKER_PROCESSES %}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: lms-lti-worker
  labels:
    app.kubernetes.io/name: lms-lti-worker
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: lms-lti-worker
  template:
    metadata:
      labels:
        app.kubernetes.io/name: lms-lti-worker
    spec:
      securityContext:
        runAsUser: 1000
        runAsGroup: 1000
      containers:
      - name: lms-lti-worker
        image: {{ DOCKER_IMAGE_OPENEDX }}
        args:"""
    + WORKER_COMMAND.rstrip().replace("\n      - ", "\n        - ")
    + """
        env:
        - name: SERVICE_VARIANT
          value: lms
        - name: DJANGO_SETTINGS_MODULE
          value: lms.envs.tutor.production
        volumeMounts:
        - mountPath: /openedx/edx-platform/lms/envs/tutor/
          name: settings-lms
        - mountPath: /openedx/edx-platform/cms/envs/tutor/
          name: settings-cms
        - mountPath: /openedx/config
          name: config
        securityContext:
          allowPrivilegeEscalation: false
      volumes:
      - name: settings-lms
        configMap:
          name: openedx-settings-lms
      - name: settings-cms
        configMap:
          name: openedx-settings-cms
      - name: config
        configMap:
          name: openedx-config
{%- endif %}
"""
)

PATCHES = [
    ("openedx-dockerfile-post-python-requirements", DOCKERFILE),
    ("openedx-lms-common-settings", COMMON_SETTINGS),
    ("openedx-lms-production-settings", PRODUCTION_SETTINGS),
    ("k8s-deployments", CRON_JOB),
    ("k8s-deployments", WORKER_DEPLOYMENT),
    ("local-docker-compose-prod-services", WORKER_SERVICE),
]
