"""Connecting a platform: with a form, with a command, or by an invitation with which the platform registers us by
itself.

    register                                the function behind the command and other plugins
    admin, forms, fields, guided, guidance,
    guide, pasted, tries, gate_choices      the registration page, which helps while it is filled in
    invitations, invitation_admin           an invitation: made, sent, revoked
    views, pages, reading, whose, asking,
    proving, connecting, made               an invitation that is used; docs/reference/architecture.md has the story
    canvas_configuration, environments,
    key_push, actions                       what only Canvas needs
    courses, hosts, reach, roles_of,
    legacy                                  sentences about what a registration does, and what does not fit
    changes                                 notes in the audit trail

Registrations themselves are in ``registrations``; tries of a finished connection are the ``doctor``'s.
"""
