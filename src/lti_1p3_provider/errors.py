"""Every way to refuse something. Each class is one cause; its code is the anchor in ``docs/reference/errors.md``.

``title`` and ``advice`` are for the person in front of the page; ``detail``, given when raised, is for the operator:
ids and reasons, never a token, a secret or personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

RELAUNCH = _("Go back to your course and open this activity again.")
ASK_ADMIN = _("Please tell your course team. They can pass the support code below to their administrator.")


class LtiError(Exception):
    """Base of all. Raise with a short operator's ``detail``; the class says the rest. ``retry_after``: seconds after
    which trying again makes sense, where that is known. ``answered``: the HTTP status of the platform's answer that
    it is about, 0 without one."""

    code: ClassVar[str] = "lti_error"
    status: ClassVar[int] = 400
    title: ClassVar[Text] = _("This activity could not be opened")
    advice: Text = ASK_ADMIN
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str = "", *, answered: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.answered = answered


# --- login initiation -------------------------------------------------------------------------------------------------


class LoginParameterMissing(LtiError):
    """The login request lacks ``iss``, ``login_hint`` or ``target_link_uri``."""

    code = "login_parameter_missing"
    title = _("Your learning platform sent an incomplete request")


class RegistrationUnknown(LtiError):
    """No registration has this issuer and client id."""

    code = "registration_unknown"
    title = _("Your learning platform is not registered here")


class RegistrationAmbiguous(LtiError):
    """No client id was sent and the issuer has several registrations."""

    code = "registration_ambiguous"
    title = _("Your learning platform did not say which of its registrations it uses")


class RegistrationDisabled(LtiError):
    """An operator switched the registration off."""

    code = "registration_disabled"
    status = 403
    title = _("Your learning platform's access is switched off")


class DeploymentUnknown(LtiError):
    """The deployment is not known, or waits for an operator's approval."""

    code = "deployment_unknown"
    status = 403
    title = _("This installation in your learning platform is not approved yet")


class DeploymentDisabled(LtiError):
    """An operator switched the deployment off."""

    code = "deployment_disabled"
    status = 403
    title = _("This installation in your learning platform is switched off")


# --- the launch message -----------------------------------------------------------------------------------------------


class LaunchNotPosted(LtiError):
    """The launch URL was opened with GET."""

    code = "launch_not_posted"
    status = 405
    title = _("This address cannot be opened by itself")
    advice = RELAUNCH


class PlatformRefused(LtiError):
    """The platform answered the login with an OIDC error."""

    code = "platform_refused"
    title = _("Your learning platform refused the sign-in")
    advice = _("Go back to your course, sign in there if you are asked to, and open this activity again.")


class TokenMissing(LtiError):
    """The launch has no ``id_token`` or no ``state``."""

    code = "token_missing"
    title = _("Your learning platform sent an incomplete launch")


class TokenMalformed(LtiError):
    """The ``id_token`` is not a signed JWT of sane size and shape."""

    code = "token_malformed"
    title = _("Your learning platform sent a launch that cannot be read")


class RequestTooLarge(LtiError):
    """The request has more bytes or fields than any that belongs here, a file, or a length that is not known."""

    code = "request_too_large"
    status = 413
    title = _("Your learning platform sent more data than a launch may have")


class StateUnknown(LtiError):
    """The ``state`` was not issued here, or was changed."""

    code = "state_unknown"
    title = _("This launch did not begin here")
    advice = RELAUNCH


class StateExpired(LtiError):
    """More than ten minutes passed between login and launch."""

    code = "state_expired"
    title = _("This launch took too long")
    advice = RELAUNCH


class BrowserMismatch(LtiError):
    """The browser that posts the launch is not the one that began it, or refused our cookie."""

    code = "browser_mismatch"
    title = _("Your browser blocks cookies of this activity")
    advice = _(
        "Go back to your course and open this activity in a new window, or allow cookies for the site that shows this "
        "message. Private windows and strict tracking protection block them inside other sites' pages."
    )


class LaunchReplayed(LtiError):
    """The same launch was posted before."""

    code = "launch_replayed"
    title = _("This launch has already been used")
    advice = _("Start again from your course: the Back button and reload cannot repeat a launch.")


class StateStoreDown(LtiError):
    """The cache that makes launches one-use does not answer, so none is let in."""

    code = "state_store_down"
    status = 503
    title = _("This site cannot open activities right now")
    advice = _("Please try again in a few minutes from your course.")


class KeyUnknown(LtiError):
    """The platform's key set has no key with the token's ``kid``."""

    code = "key_unknown"
    title = _("Your learning platform's signature cannot be checked")


class KeySetUnavailable(LtiError):
    """The platform's key set could not be fetched or read."""

    code = "key_set_unavailable"
    status = 502
    title = _("Your learning platform's signing keys cannot be fetched")
    advice = _("Please try again in a minute from your course. If it happens again, tell your course team.")


class KeySetBusy(LtiError):
    """The maximum number of threads of this process is already waiting for platforms' keys."""

    code = "key_set_busy"
    status = 503
    title = _("Your learning platform's signing keys are being fetched")
    advice = _("Please try again in a few seconds from your course. If it happens again, tell your course team.")
    retry_after = 5


class SignatureInvalid(LtiError):
    """The signature is not the platform's, or the algorithm is not RS256."""

    code = "signature_invalid"
    title = _("Your learning platform's signature is not valid")


class TokenExpired(LtiError):
    """The token's times do not include now, with 60 s leeway."""

    code = "token_expired"
    title = _("This launch is out of date")
    advice = RELAUNCH


class IssuerMismatch(LtiError):
    """``iss`` is not the registration's issuer."""

    code = "issuer_mismatch"
    title = _("This launch comes from a different learning platform than expected")


class AudienceMismatch(LtiError):
    """``aud`` or ``azp`` does not name this registration."""

    code = "audience_mismatch"
    title = _("This launch is meant for another tool")


class NonceMismatch(LtiError):
    """``nonce`` is not the one of this login."""

    code = "nonce_mismatch"
    title = _("This launch does not belong to the sign-in that began it")
    advice = RELAUNCH


class ClaimMissing(LtiError):
    """A required claim is missing."""

    code = "claim_missing"
    title = _("Your learning platform left out something that a launch needs")


class ClaimInvalid(LtiError):
    """A claim has the wrong type or an impossible value."""

    code = "claim_invalid"
    title = _("Your learning platform sent something that a launch may not contain")


class MessageTypeUnsupported(LtiError):
    """The message is of a type that we do not take."""

    code = "message_type_unsupported"
    title = _("Your learning platform sent a kind of message that this site does not support")


class SubjectMissing(LtiError):
    """The launch is anonymous and the registration does not allow that."""

    code = "subject_missing"
    title = _("Your learning platform did not say who you are")
    advice = _("Sign in to your course and open this activity again. If you did, tell your course team.")


# --- what is to be opened ---------------------------------------------------------------------------------------------


class TargetInvalid(LtiError):
    """``target_link_uri`` is not an address of ours, or its course or usage key cannot be read."""

    code = "target_invalid"
    title = _("The link in your course does not lead to anything on this site")


class GateClosed(LtiError):
    """The registration's launch gate does not include this content."""

    code = "gate_closed"
    status = 403
    title = _("Your learning platform may not open this activity")


class ContentNotFound(LtiError):
    """The block does not exist or is not published."""

    code = "content_not_found"
    status = 404
    title = _("This activity no longer exists, or is not published")


class ContentHasNoPage(ContentNotFound):
    """The block is a section, which Open edX does not show by itself."""

    code = "content_has_no_page"
    title = _("A section cannot be opened by itself")
    advice = _("Tell your course team: they can place its subsections, units or problems, or the whole course.")


class ContentNotStarted(LtiError):
    """The block's start date lies in the future."""

    code = "content_not_started"
    status = 403
    title = _("This activity has not started yet")
    advice = _("Come back when it has started, or ask your course team for the date.")


class ContentNotAccessible(LtiError):
    """The LMS does not let this user see the block."""

    code = "content_not_accessible"
    status = 403
    title = _("You do not have access to this activity")


class OutlineInPreparation(LtiError):
    """There is no outline yet of what the course has published; a worker was asked to write one."""

    code = "outline_in_preparation"
    status = 503
    title = _("This course is being prepared")
    advice = _("Try again in a moment.")
    retry_after = 5


class PickerStopped(LtiError):
    """The site's own rules stop the picker; the sentence tells the instructor why."""

    code = "picker_stopped"
    status = 403
    title = _("This site does not offer content here")

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence)
        self.advice = sentence or self.advice


class PickerFilterFailed(LtiError):
    """The site's filter for deep linking cannot be loaded or failed."""

    code = "picker_filter_failed"
    status = 500
    title = _("This site could not decide which content to offer")


class AccountInactive(LtiError):
    """The Open edX account behind this platform user is switched off."""

    code = "account_inactive"
    status = 403
    title = _("Your account on this site is switched off")


class AccountRetiring(LtiError):
    """The LMS is deleting the account, or did: it is nobody's any more."""

    code = "account_retiring"
    status = 403
    title = _("This account is being deleted")
    advice = _("Nothing was changed. Sign in with another account, or go on with a new one.")


class AccountPrivileged(LtiError):
    """The account behind this platform user was made staff of the site, an organization or a course; platforms may not
    sign in to such accounts."""

    code = "account_privileged"
    status = 403
    title = _("Your account on this site cannot be used from another learning platform")


class AccountTaken(LtiError):
    """A new person signed in to an account that belongs to somebody else of the same registration."""

    code = "account_taken"
    status = 409
    title = _("This account is in use by somebody else from your learning platform")
    advice = _(
        "Nothing was changed. Sign in with another account, or go on with a new one. If both are yours, please tell "
        "your course team."
    )


class AccountChosenBefore(LtiError):
    """A person signed in to an account and already has another one: they had also chosen in another window."""

    code = "account_chosen_before"
    status = 409
    title = _("You already use another account here")
    advice = _(
        "Nothing was changed. Go on with the account that you use. If it is the wrong one, please tell your course "
        "team."
    )


class LinkingOver(LtiError):
    """The choice of an account is too old, was made before, or did not come from our page after a new login."""

    code = "linking_over"
    title = _("This choice of an account is no longer valid")
    advice = RELAUNCH


class AccountNotMade(LtiError):
    """The database refused a new account, twice."""

    code = "account_not_made"
    status = 503
    title = _("Your account could not be created")
    advice = _("Please try again in a minute from your course.")


class QuotaReached(LtiError):
    """The deployment brought more new people, contexts or resource links in a day than this site allows."""

    code = "quota_reached"
    status = 429
    title = _("Your learning platform opened too many new things here today")
    advice = _("Please tell your course team now, or try again tomorrow. Activities that you opened before still work.")


class TextNotKept(LtiError):
    """A text that identifies something holds a character that the site's database does not keep."""

    code = "text_not_kept"
    title = _("Your learning platform sent a name that this site cannot store")


class DatabaseRefused(LtiError):
    """The database refused what the request needs, and not because another transaction came first."""

    code = "database_refused"
    status = 500
    title = _("Something went wrong on this site")


class DatabaseBusy(LtiError):
    """The database refused to write the launch down, three times: other launches held what it needed."""

    code = "database_busy"
    status = 503
    title = _("This site is very busy right now")
    advice = _("Please try again in a minute from your course.")


class GrantMissing(LtiError):
    """The session has no (or no longer a) launch of this content."""

    code = "grant_missing"
    status = 403
    title = _("Your session has ended")
    advice = _(
        "Relaunch from your course: go back to it and open this activity again. Your answers are kept. If you see this "
        "message each time, your browser blocks cookies here: open the activity in a new window."
    )


class OtherAccount(LtiError):
    """Something that another account launched in this browser is requested after a launch took the browser over."""

    code = "other_account"
    status = 403
    title = _("Another activity was opened in this browser, with another account")
    advice = _(
        "To go on with this activity, go to its course and open it from there again. Your answers so far are kept. In "
        "one browser, only one of the two activities can be used at a time."
    )


class SessionConfined(LtiError):
    """A session that a launch made asked for something other than what was launched."""

    code = "session_confined"
    status = 403
    title = _("This page is not part of the activity that you opened")
    advice = _(
        "Go back to your course and open the activity that you need from there. To use this site with an account of "
        "your own, sign out of it first."
    )


class HandOverInvalid(LtiError):
    """A launch that was to continue in a separate window is too old, was used, or does not come from our page."""

    code = "handover_invalid"
    title = _("This window was opened too late, or twice")
    advice = RELAUNCH


class ClassScoresClosed(LtiError):
    """The page with a class's scores was asked for too late, or not by the newest launch of somebody who teaches it."""

    code = "class_scores_closed"
    status = 403
    title = _("The scores of this class are not shown here any more")
    advice = _("Open the activity from your course again, and choose the scores there. Only those who teach see them.")


class SessionEnded(LtiError):
    """The session was ended elsewhere while the request ran: a login, a logout or another person's launch."""

    code = "session_ended"
    title = _("You were signed out while this activity was opening")
    advice = RELAUNCH


# --- choosing content -------------------------------------------------------------------------------------------------

CHOOSE_AGAIN = _("Go back to your course and add content from there again.")


class ChoosingNotAllowed(LtiError):
    """The person's role in the platform's course does not allow choosing content."""

    code = "choosing_not_allowed"
    status = 403
    title = _("Only people who make this course can add content to it")
    advice = _(
        "Your learning platform says that you have another role here. If you do make this course, ask its owner or "
        "your administrator to give you the role of an instructor or content developer there."
    )


class AssistantsMayNotChoose(ChoosingNotAllowed):
    """A teaching assistant wants to choose content, and the site does not let them."""

    code = "assistants_may_not_choose"
    title = _("Teaching assistants cannot add content to this course")
    advice = _(
        "Ask an instructor of the course to add it. The administrator of this site can also let assistants do so, in "
        "all courses: pass on the support code below."
    )


class ReturnAddressForbidden(LtiError):
    """A choice was to be sent to an address that is not one of the platform's, or not https."""

    code = "return_address_forbidden"
    title = _("This site cannot send your choice where your learning platform wants it")


class ContentTypesNotAccepted(LtiError):
    """The platform asks for content, but takes neither links that are launched nor plain links."""

    code = "content_types_not_accepted"
    title = _("This place in your learning platform does not accept links")
    advice = _(
        "It asked for another kind of content, such as a file or an image. Add the content where your course has its "
        "activities, assignments or modules."
    )


class ChoiceUnknown(LtiError):
    """The page's token is not one of ours, or is so old that its request was deleted."""

    code = "choice_unknown"
    title = _("This page no longer knows which course it belongs to")
    advice = CHOOSE_AGAIN


class ChoiceExpired(LtiError):
    """The page was open for longer than ``LTI_1P3_PROVIDER_DEEP_LINKING_SEC``."""

    code = "choice_expired"
    status = 410
    title = _("This page was open for too long")
    advice = CHOOSE_AGAIN


class ChoiceAnswered(LtiError):
    """The choice was sent to the platform before; a request for content is answered once."""

    code = "choice_answered"
    status = 409
    title = _("This choice has already been sent to your course")
    advice = _("Look at your course: the content should be there. To add more, choose to add content there again.")


class ChoiceInvalid(LtiError):
    """Nothing was chosen, more than one item where one is taken, or more than 100."""

    code = "choice_invalid"
    title = _("This choice cannot be sent")
    advice = CHOOSE_AGAIN


class ContentNotOffered(LtiError):
    """Something was chosen that is not there any more, or that the registration may not open: ``usage_keys``."""

    code = "content_not_offered"
    status = 403
    title = _("Something that you chose is no longer offered")
    advice = CHOOSE_AGAIN

    def __init__(self, usage_keys: Sequence[str]) -> None:
        super().__init__(", ".join(usage_keys))
        self.usage_keys = tuple(usage_keys)


# --- registering by invitation ----------------------------------------------------------------------------------------

BEGIN_AGAIN = _(
    "Begin again in your learning platform, where you entered the invitation's address. If it happens again, pass the "
    "support code on to whoever sent you the invitation."
)
ASK_INVITER = _("Please ask whoever sent you the invitation for a new one, and pass the support code on to them.")
LOOK_THERE = _(
    "Look at your learning platform: if a new tool is there, delete it. Then ask whoever sent you the invitation for a "
    "new one, and pass the support code on to them."
)


class InvitationUnknown(LtiError):
    """No invitation has the address's token."""

    code = "invitation_unknown"
    status = 404
    title = _("This invitation does not exist")
    advice = _("Compare the address with the one that you were sent, to its last character.")


class InvitationExpired(LtiError):
    """The invitation was not used in time."""

    code = "invitation_expired"
    status = 410
    title = _("This invitation has expired")
    advice = ASK_INVITER


class InvitationRevoked(LtiError):
    """An operator revoked the invitation."""

    code = "invitation_revoked"
    status = 410
    title = _("This invitation was withdrawn")
    advice = ASK_INVITER


class InvitationUsed(LtiError):
    """A registration request was sent with this invitation before, whatever came of it."""

    code = "invitation_used"
    status = 409
    title = _("This invitation has been used")
    advice = _(
        "If the tool is in your learning platform, activate it there. If not, ask whoever sent you the invitation for "
        "a new one, and pass the support code on to them."
    )


class RegistrationFormOver(LtiError):
    """A page of a registration was opened by itself, came from elsewhere, or waited for more than an hour."""

    code = "registration_form_over"
    status = 410
    title = _("This page has been open for too long, or was opened by itself")
    advice = BEGIN_AGAIN


class RegistrationAddressInvalid(LtiError):
    """The platform opened the invitation with a configuration address or a registration token that is invalid."""

    code = "registration_address_invalid"
    title = _("Your learning platform opened this invitation in a way that cannot work")


class ConfigurationBusy(LtiError):
    """Another request is reading the platform's configuration at this moment."""

    code = "configuration_busy"
    status = 503
    title = _("Your learning platform is still being asked about itself")
    advice = _("Load this page again in a few seconds.")
    retry_after = 5


class ConfigurationUnreadable(LtiError):
    """What the platform shows is not a configuration, or lacks what a registration needs."""

    code = "configuration_unreadable"
    status = 502
    title = _("What your learning platform says about itself cannot be read")
    advice = BEGIN_AGAIN


class ConfigurationForeign(LtiError):
    """The platform's configuration names an issuer or addresses of another host."""

    code = "configuration_foreign"
    status = 403
    title = _("Your learning platform identified itself as another one")


class PlatformNotInvited(LtiError):
    """The invitation is for another host."""

    code = "platform_not_invited"
    status = 403
    title = _("This invitation is for another learning platform")
    advice = ASK_INVITER


class LegacyKeyUnproved(LtiError):
    """The invitation is for a platform that proves its key of LTI 1.1, and this one did not."""

    code = "legacy_key_unproved"
    status = 403
    title = _("Your learning platform did not prove that it used this site before")
    advice = _(
        "This invitation is for the tool that your platform has had on LTI 1.1. Enter the invitation's address in your "
        "platform again and, when it asks, update that tool instead of adding another one. If you did so, ask whoever "
        "sent you the invitation for help, and pass the support code on to them."
    )


class RegistrationNotTaken(LtiError):
    """The platform refused to register this site. ``said``: its own words, for the person only."""

    code = "registration_not_taken"
    status = 502
    title = _("Your learning platform refused to register this site")
    advice = ASK_INVITER

    def __init__(self, detail: str = "", said: str = "", answered: int = 0) -> None:
        super().__init__(detail, answered=answered)
        self.said = said


class RegistrationAnswerLost(LtiError):
    """The request for a registration was sent and no answer understood: the platform may have made it."""

    code = "registration_answer_lost"
    status = 502
    title = _("It is not known whether your learning platform registered this site")
    advice = LOOK_THERE


class RegistrationThere(LtiError):
    """The platform gave a client ID that is registered here already; what is here stays as it is."""

    code = "registration_there"
    status = 409
    title = _("Your learning platform is registered here already")
    advice = LOOK_THERE


# --- calls to platforms, keys -----------------------------------------------------------------------------------------


class AddressForbidden(LtiError):
    """A URL is not https, or leads to a private or special address."""

    code = "address_forbidden"
    title = _("An address of the learning platform may not be called")


class PlatformUnreachable(LtiError):
    """A platform did not answer in time, or not in HTTP."""

    code = "platform_unreachable"
    status = 502
    title = _("The learning platform does not answer")


class AnswerUnreadable(LtiError):
    """A platform's answer is too large or not what the specification says."""

    code = "answer_unreadable"
    status = 502
    title = _("The learning platform's answer cannot be read")


class TrustUnreadable(LtiError):
    """The file of certificate authorities that the site names cannot be read, so no platform can be trusted."""

    code = "trust_unreadable"
    status = 503
    title = _("This site cannot make secure connections right now")


class AccessTokenRefused(LtiError):
    """The platform's token endpoint gave no access token; ``reason`` is its error's name, cut."""

    code = "access_token_refused"
    status = 502
    title = _("The learning platform refused to give an access token")

    def __init__(self, detail: str = "", reason: str = "", answered: int = 0) -> None:
        super().__init__(detail, answered=answered)
        self.reason = reason


class KeyPushImpossible(LtiError):
    """Our key cannot be sent to the platform at all: what is missing is in the detail."""

    code = "key_push_impossible"
    title = _("The key cannot be sent to the learning platform")


class KeyPushRefused(LtiError):
    """The platform did not take our key; the earlier one still signs."""

    code = "key_push_refused"
    status = 502
    title = _("The learning platform did not take the key")


class KeyPushUnsettled(LtiError):
    """Our key was sent, the answer was lost, and the platform accepts no token request meanwhile."""

    code = "key_push_unsettled"
    status = 502
    title = _("The learning platform did not say whether it took the key")


class ServiceRefused(LtiError):
    """A service of the platform answered with a status that does not mean success: ``answered``, with ``headers``;
    ``asked`` is what it was asked for."""

    code = "service_refused"
    status = 502
    title = _("The learning platform refused what this site asked for")

    def __init__(self, detail: str, answered: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{detail}: HTTP {answered}", answered=answered)
        self.asked = detail
        self.headers = headers or {}


class RosterNotOffered(LtiError):
    """No launch from a platform's course named the address of its list of people."""

    code = "roster_not_offered"
    status = 409
    title = _("The learning platform did not say who is in this course")


class ColumnMissing(LtiError):
    """The platform has no column for a link, and lets us make none; ``reason`` is the value that says why."""

    code = "column_missing"
    status = 502
    title = _("The learning platform has no column for the scores of this activity")

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class NoActiveKey(LtiError):
    """There is no key to sign with."""

    code = "no_active_key"
    status = 503
    title = _("This site has no active signing key")


class KeyInvalid(LtiError):
    """A PEM is not an RSA private key of at least 2048 bits, or its secret is lost."""

    code = "key_invalid"
    title = _("This signing key cannot be used")


class MoveInRefused(LtiError):
    """What another plugin left cannot be moved as it is."""

    code = "move_in_refused"
    title = _("This cannot be moved in")


# --- the tenants' API -------------------------------------------------------------------------------------------------


class ApiNotSignedIn(LtiError):
    """A request to the API does not say who sends it, or in a way that is not accepted here."""

    code = "api_not_signed_in"
    status = 401
    title = _("Say who you are")
    advice = _(
        "Send a bearer token or JWT of this site, or the session of somebody who signed in here, not by a launch."
    )


class ApiForgeryCheckFailed(LtiError):
    """A request with a session's cookies lacks the CSRF token."""

    code = "api_forgery_check_failed"
    status = 403
    title = _("The request may be forged")
    advice = _("With a session, send the CSRF token in the header X-CSRFToken. Requests with a token need none.")


class ApiNotFound(LtiError):
    """What the API was asked for does not exist in this organization, or is not for whoever asks."""

    code = "api_not_found"
    status = 404
    title = _("There is no such thing in this organization")
    advice = _("Compare the address. If a platform cannot be registered under its own name, ask this site's operator.")


class ApiRequestInvalid(LtiError):
    """Values of a request to the API are wrong; ``fields`` says for each what is."""

    code = "api_request_invalid"
    title = _("Some values are not accepted")
    advice = _("Correct what is named below.")

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


class ApiMethodUnknown(LtiError):
    """An address of the API does not know the request's method."""

    code = "api_method_unknown"
    status = 405
    title = _("This address cannot be used in this way")
    advice = _("Compare the method with the API's description.")


class ApiNotJson(LtiError):
    """The body of a request to the API is not declared as JSON."""

    code = "api_not_json"
    status = 415
    title = _("The request's body must be JSON")
    advice = _("Send one JSON object, with the header Content-Type: application/json.")


class ApiTooLarge(LtiError):
    """A request to the API has more bytes or parameters than any that belongs here."""

    code = "api_too_large"
    status = 413
    title = _("The request is too large")
    advice = _("Send less at once: 256 kB at most.")


class ApiChangedMeanwhile(LtiError):
    """``If-Match`` or ``If-None-Match`` of a request to the API does not hold."""

    code = "api_changed_meanwhile"
    status = 412
    title = _("This has changed since you read it")
    advice = _("Read it again, then decide.")


class ApiConflict(LtiError):
    """A request to the API conflicts with the current state; the detail says why."""

    code = "api_conflict"
    status = 409
    title = _("This cannot be done in the current state")
    advice = _("A platform is registered once. A registration with people is switched off, not deleted.")


class ApiTooManyRequests(LtiError):
    """Somebody sent more requests to the API in a minute than the settings allow."""

    code = "api_too_many_requests"
    status = 429
    title = _("Too many requests")
    advice = _("Wait a minute, and send fewer.")
    retry_after = 60


class ApiFull(LtiError):
    """An organization has the most registrations, or a registration the most deployments, that the API allows."""

    code = "api_full"
    status = 409
    title = _("No more of these can be made here")
    advice = _("Delete what is no longer used, or ask this site's operator.")


# --- other code of the site -------------------------------------------------------------------------------------------


class LinkUnknown(LtiError):
    """Other code of the site asked for the launch of a link that nobody has launched."""

    code = "link_unknown"
    status = 404
    title = _("This link was never launched")


class PyLti1p3Missing(LtiError):
    """Other code of the site wants to use PyLTI1p3, which is not installed."""

    code = "pylti1p3_missing"
    status = 500
    title = _("PyLTI1p3 is not installed")


def causes() -> dict[str, type[LtiError]]:
    """Return all errors by code."""
    found, open_ = {}, [LtiError]
    while open_:
        cause = open_.pop()
        found[cause.code] = cause
        open_.extend(cause.__subclasses__())
    return found


def meaning_of(code: str) -> str:
    """Return what an error's code means, in plain words for an operator."""
    return str(causes().get(code, LtiError).__doc__).replace("``", "")
