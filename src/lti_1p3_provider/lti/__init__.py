"""The LTI 1.3 protocol: the seam to PyJWT and requests. Nothing above sees a raw claim, token or HTTP answer.

    login, launch, verify, state          a launch, from the login request to a frozen ``Launch``
    messages, claims, resource_link,
    deep_linking, reader, roles           what a message says, by its type
    key_sets, public_keys                 the platform's keys
    service, access_tokens                the one way to call a platform's service
    ags, line_items, results              gradebook columns, scores and results (AGS 2.0)
    nrps                                  who is in a course (NRPS 2.0)
    content_items                         the answer to a deep linking request
    dynamic_registration,
    platform_configuration, proved_key    a platform that registers this tool
    exchange, transport, deadline, ...    HTTP with limits on time, size and addresses

What these messages do here is decided above: ``launches``, ``scores``, ``memberships``, ``deep_linking``,
``onboarding``.
"""
