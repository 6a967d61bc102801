"""The LTI 1.3 platform of Open edX, run on its own as a counterpart for interoperability tests.

    python -m tests.interop.openedx_platform --port 0 --directory D --tool-login-url U \\
        --redirect-uri R --target-link-uri T [--target-link-uri T2 ...] --tool-jwks-url J [--deep-linked-uri C ...]

prints one line of JSON (issuer, client id, end points, resource links, people) and serves on 127.0.0.1.
It needs `lti-consumer-xblock` and `djangorestframework`, and is meant to be started as a process of its own.

The package's own code, untouched: the launch start URL, the OpenID Connect authentication answer and its
id_token, the key sets, the access tokens, the line item, score, result and membership services
(`/api/lti_consumer/v1/...`), and the models and migrations behind them.

Ours: the settings and the URL map; the people, the course and the links (`people`, `provision`); the few
functions of `lti_consumer.plugin.compat`, the package's declared seam to edx-platform, that would import the
LMS (`lms`); and the addresses below `/interop/` (`views`), of which `start/` does what the courseware page's
iframe does, `rows/` shows the database to a test, and `replace-key/` takes the platform's key away, so that the
package makes a new one and believes no access token from before.
"""
