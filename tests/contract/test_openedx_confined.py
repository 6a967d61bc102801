"""Confined sessions inside a real LMS: what its pages need stays open, and nothing else does."""

from __future__ import annotations

from .openedx_world import InOpenEdx, problem

# isort: split

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from cms.djangoapps.contentstore.outlines import update_outline_from_modulestore
from common.djangoapps.student.models import CourseEnrollment
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from edx_rest_framework_extensions.auth.jwt.cookies import jwt_cookie_header_payload_name, jwt_cookie_signature_name
from lms.djangoapps.courseware.models import StudentModule
from opaque_keys.edx.keys import UsageKey
from openedx.core.djangoapps.oauth_dispatch.tests.factories import ApplicationFactory
from xmodule.modulestore.tests.factories import BlockFactory

from lti_1p3_provider.host.openedx.surfaces import BLOCK_ARGUMENTS, COURSE_ARGUMENTS, UNHEARD, OpenEdxSurfaces, _module
from lti_1p3_provider.launches import scope
from lti_1p3_provider.launches.scope import Scope
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import Grant

from .launching import LTI, account, door, launch, open_launched, register_platform

CODE = "session_confined"


def is_refused(answer: HttpResponse) -> bool:
    return answer.status_code == 403 and CODE in answer.content.decode()


class OpenEdxConfinedTest(InOpenEdx):
    """A browser in which somebody launched."""

    more: ClassVar[dict[str, UsageKey]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        other = BlockFactory.create(
            parent_location=cls.world.subsection, category="vertical", display_name="Next", publish_item=True
        )
        cls.elsewhere = problem(other, "Elsewhere", 4).location
        unit = BlockFactory.create(parent_location=cls.world.subsection, category="vertical", display_name="Rich")
        kinds = ("video", "drag-and-drop-v2", "openassessment", "poll", "done", "lti_consumer", "problem", "html")
        cls.more = {kind: BlockFactory.create(parent=unit, category=kind).location for kind in kinds}
        cls.rich = unit.location
        update_outline_from_modulestore(cls.world.course)  # which Studio's workers do

    def setUp(self) -> None:
        super().setUp()
        register_platform()
        scope.forget_all()
        self.browser = Client(raise_request_exception=False)

    def handler(self, block: UsageKey, name: str, suffix: str = "", **given: Any) -> HttpResponse:
        """Call a block's handler as its script does."""
        keys = {"course_id": str(block.course_key), "usage_id": str(block)}
        url = reverse("xblock_handler", kwargs={**keys, "handler": name, **({"suffix": suffix} if suffix else {})})
        if "get" in given:
            return self.browser.get(url, given["get"])
        return self.browser.post(url, json.dumps(given.get("json", {})), content_type="application/json")

    def check(self, block: UsageKey) -> HttpResponse:
        keys = {"course_id": str(block.course_key), "usage_id": str(block)}
        url = reverse("xblock_handler", kwargs={**keys, "handler": "xmodule_handler", "suffix": "problem_check"})
        return self.browser.post(url, {f"input_{block.block_id}_2_1": "choice_1"})

    def open_course(self) -> None:
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        answer = launch(self.browser, "ada", self.world.course.make_usage_key("course", "course"))
        assert answer.status_code == 302, answer.content
        assert self.browser.get(answer["Location"]).status_code == 302

    # --- blocks -------------------------------------------------------------------------------------------------------

    def test_one_problem_is_answered_and_no_other(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        assert self.check(self.world.problem).status_code == 200
        for other in (self.world.other_problem, self.elsewhere):
            assert is_refused(self.check(other))
        answered = StudentModule.objects.filter(grade__isnull=False)
        assert {row.module_state_key for row in answered} == {self.world.problem}

    def test_a_teacher_who_became_staff_works_on_what_they_launched_and_on_no_more(self) -> None:
        """As staff of the course: a block opens what the LMS shows staff of it, a whole course its dashboard."""
        Registration.objects.update(instructor_role="staff")
        teaches = {f"{LTI}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]}
        assert open_launched(self.browser, "grace", self.world.problem, **teaches).status_code == 200
        course = str(self.world.course)
        dashboard = reverse("instructor_dashboard", kwargs={"course_id": course})
        history = "submission_history"
        own, other = (
            reverse(history, kwargs={"course_id": course, "learner_identifier": "ada", "location": str(key)})
            for key in (self.world.problem, self.elsewhere)
        )
        assert is_refused(self.browser.get(dashboard))
        assert is_refused(self.browser.get(other))
        assert not is_refused(self.browser.get(own))
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        whole = launch(self.browser, "grace", self.world.course.make_usage_key("course", "course"), **teaches)
        assert whole.status_code == 302
        assert not is_refused(self.browser.get(dashboard))
        assert is_refused(self.browser.get(dashboard.replace(course, str(self.world.other_course))))

    def test_a_unit_with_blocks_of_many_kinds_works(self) -> None:
        page = open_launched(self.browser, "ada", self.rich).content.decode()
        for block in self.more.values():
            assert block.block_id in page
        calls = {
            "video": ("xmodule_handler", "save_user_state", {}),
            "drag-and-drop-v2": ("student_view_user_state", "", {"get": {}}),
            "openassessment": ("render_submission", "", {}),
            "poll": ("student_voted", "", {}),
            "done": ("toggle_button", "", {"json": {"done": True}}),
            "html": ("publish_completion", "", {"json": {"completion": 1.0}}),
        }
        for kind, (name, suffix, given) in calls.items():
            answer = self.handler(self.more[kind], name, suffix, **given)
            assert answer.status_code in (200, 400, 404), (kind, answer.status_code, answer.content[:300])
            assert CODE not in answer.content.decode()
        assert self.handler(self.more["video"], "transcript", "available_translations", get={}).status_code in (
            200,
            404,
        )
        assert self.check(self.more["problem"]).status_code == 200
        elsewhere = self.handler(self.elsewhere, "publish_completion", json={"completion": 1.0})
        assert is_refused(elsewhere)

    def test_a_sequence_works_and_so_does_all_below(self) -> None:
        assert open_launched(self.browser, "ada", self.world.subsection).status_code == 200
        for name, suffix in (("xmodule_handler", "goto_position"), ("get_completion", "")):
            given = {"usage_key": str(self.world.unit), "position": 1}
            answer = self.handler(self.world.subsection, name, suffix, json=given)
            assert CODE not in answer.content.decode()
        assert self.check(self.elsewhere).status_code == 200
        for key in (self.world.unit, self.world.problem):
            assert self.browser.get(reverse("render_xblock", args=[str(key)])).status_code in (200, 404)

    def test_a_page_above_the_launched_block_is_refused(self) -> None:
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        open_launched(self.browser, "ada", self.world.unit)
        assert self.browser.get(reverse("render_xblock", args=[str(self.world.unit)])).status_code == 200
        for key in (self.world.subsection, self.world.chapter, self.elsewhere, self.world.other_block):
            assert is_refused(self.browser.get(reverse("render_xblock", args=[str(key)])))

    def test_a_page_takes_few_parameters(self) -> None:
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        open_launched(self.browser, "ada", self.world.unit)
        for address in (door(self.world.unit), reverse("render_xblock", args=[str(self.world.unit)])):
            assert self.browser.get(address, {"view": "no_such_view", "preview": "1"}).status_code == 200

    def test_spellings_of_other_blocks_open_nothing(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        course, other = str(self.world.course), str(self.world.other_problem)
        i4x = (
            f"i4x:;_;_{self.world.course.org};_{self.world.course.course};_problem;_{self.world.other_problem.block_id}"
        )
        for block in (
            other,
            other.replace("+", "%2B"),
            i4x,
            f"aside-usage-v2:{other.replace(':', '$:', 1)}::tagging_aside",
            str(self.world.problem).replace("+type@", "+branch@draft-branch+type@"),
            str(self.world.problem).replace("+type@", "+branch@draft-branch+type@").replace("+", "%2B"),
        ):
            path = f"/courses/{course}/xblock/{block}/handler/xmodule_handler/problem_check"
            assert is_refused(self.browser.post(path)), block
        for path in (
            f"/courses/{self.world.other_course}/xblock/{self.world.problem}/handler/xmodule_handler/problem_check",
            f"/courses/ccx-v1:ContractX+LTI+now+ccx@1/xblock/{self.world.problem}/handler/xmodule_handler/problem_check",
        ):
            assert is_refused(self.browser.post(path)), path
        aside = f"aside-usage-v2:{str(self.world.problem).replace(':', '$:', 1)}::tagging_aside"
        answer = self.browser.post(f"/courses/{course}/xblock/{aside}/handler/save_tags")
        assert CODE not in answer.content.decode()

    def test_a_ccx_course_is_not_the_course_that_it_is_made_of(self) -> None:
        ccx = "ccx-v1:ContractX+LTI+now+ccx@1"
        block = str(self.world.problem).replace("block-v1", "ccx-block-v1").replace("+type@", "+ccx@1+type@")
        open_launched(self.browser, "ada", self.world.problem)
        assert self.browser.get(f"/lti/1p3/launch/{ccx}/{block}").status_code == 403
        assert is_refused(self.browser.get(reverse("render_xblock", args=[block])))

    # --- what is closed -----------------------------------------------------------------------------------------------

    CLOSED = (
        *("/", "/courses", "/dashboard", "/api/user/v1/preferences/email_opt_in/", "/register"),
        *("/api/enrollment/v1/enrollment", "/api/enrollment/v1/enrollments/", "/api/courses/v1/courses/"),
        *("/api/courses/v1/course_ids/", "/search/course_discovery/", "/api/learner_home/init"),
        *("/oauth2/authorize", "/_o/authorize/", "/auth/login/google-oauth2/", "/api-admin/"),
        *("/api/mobile/v1/my_user_info", "/api/commerce/v0/baskets/", "/api/credit/v1/courses/"),
        *("/courses/{other}/about", "/courses/{course}/about", "/courses/{other}/", "/course_modes/choose/{other}/"),
    )
    NOT_FOR_BLOCKS = (
        *("/courses/{course}/courseware", "/courses/{course}/progress", "/courses/{course}/dates"),
        *("/api/course_home/outline/{course}", "/api/courseware/course/{course}", "/api/courseware/sequence/{above}"),
        *("/api/courses/v2/blocks/?course_id={course}", "/api/courses/v1/blocks/{above}", "/search/{course}"),
        *("/api/courses/v2/blocks/?course_id={course}&usage_key={problem}", "/courses/{course}/jump_to/{other_block}"),
        *("/api/bookmarks/v1/bookmarks/?course_id={course}", "/courses/{course}/discussion/forum/", "/login_refresh"),
        *("/api/learning_sequences/v1/course_outline/{course}", "/courses/{course}/xblock/{problem}/view/student_view"),
        *(
            "/api/certificates/v0/certificates/x/",
            "/courses/{other}/progress",
            "/xblock/{other_block}",
            "/videos/{other_block}",
        ),
    )
    NAMES_NOTHING = (
        *("/heartbeat", "/api/mfe_config/v1", "/csrf/api/v1/token", "/api/notifications/count/", "/logout"),
        *("/api/bookmarks/v1/bookmarks/", "/i18n/setlang/", "/api/user/v1/me", "/api/user/v1/accounts/{username}"),
        *(
            "/asset-v1:ContractX+LTI+now+type@asset+block@x.png",
            "/event?event_type=x&event=x&page=/xblock/{other_block}",
        ),
        "/login",
    )

    def visit(self, path: str) -> HttpResponse:
        world = self.world
        names = {"course": world.course, "other": world.other_course, "problem": world.problem}
        names |= {"above": world.subsection, "other_block": world.other_block, "username": account("ada").username}
        address, _, query = path.format(**names).partition("?")
        return self.browser.get(f"{address}?{query.replace('+', '%2B')}")

    def test_what_has_nothing_to_do_with_a_block_is_closed(self) -> None:
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        open_launched(self.browser, "ada", self.world.problem)
        for path in (*self.CLOSED, *self.NOT_FOR_BLOCKS):
            answer = self.visit(path)
            assert is_refused(answer), (path, answer.status_code)

    def test_posts_that_enrol_sign_in_or_mark_other_blocks_are_closed(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        other, course = str(self.world.other_course), str(self.world.course)
        elsewhere = str(self.elsewhere)
        for path, data in (
            ("/change_enrollment", {"course_id": other, "enrollment_action": "enroll"}),
            ("/api/enrollment/v1/enrollment", {"course_details": {"course_id": other}}),
            ("/login_refresh", {}),
            ("/oauth2/access_token", {"grant_type": "password"}),
            ("/account/password", {"email": "ada@evil.example"}),
            ("/api/user/v1/account/registration/", {}),
            ("/api/bookmarks/v1/bookmarks/", {"usage_id": elsewhere}),
            ("/api/course_home/save_course_goal", {"course_id": course}),
            ("/api/course_experience/v1/reset_course_deadlines", {"course_key": course}),
            ("/api/completion/v1/completion-batch", {"course_key": course, "blocks": {elsewhere: 1.0}}),
        ):
            assert is_refused(self.browser.post(path, json.dumps(data), content_type="application/json")), path
        assert not CourseEnrollment.objects.exists()
        mine = {"username": account("ada").username, "course_key": course, "blocks": {str(self.world.problem): 1.0}}
        answer = self.browser.post(
            "/api/completion/v1/completion-batch", json.dumps(mine), content_type="application/json"
        )
        assert CODE not in answer.content.decode()

    def test_what_names_nothing_stays_open(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        for path in self.NAMES_NOTHING:
            if path != "/logout":
                answer = self.visit(path)
                assert not is_refused(answer), path
        assert not is_refused(self.visit("/logout"))
        assert not is_refused(self.visit("/dashboard"))

    def test_when_the_time_is_over_nothing_is_answered(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        Grant.objects.update(until="2020-01-01T00:00:00Z")
        scope.forget_all()
        assert is_refused(self.check(self.world.problem))

    def test_the_sites_own_people_are_not_touched(self) -> None:
        user = self.person_of_the_site()
        CourseEnrollment.enroll(user, self.world.course)
        signed_in = self.browser.post("/login_ajax", {"email": user.email, "password": "secret"})
        assert signed_in.json()["success"], signed_in.content
        for path in (*self.CLOSED, *self.NOT_FOR_BLOCKS):
            if "{username}" not in path:
                world = self.world
                names = {"course": world.course, "other": world.other_course, "problem": world.problem}
                names |= {"above": world.subsection, "other_block": world.other_block}
                assert not is_refused(self.browser.get(path.format(**names))), path

    def person_of_the_site(self) -> Any:
        user = self.world.host.identity.create_user("somebody", None, "Somebody")
        user.set_password("secret")
        user.save()
        return user

    # --- whole courses ------------------------------------------------------------------------------------------------

    FOR_COURSES = (
        *("/api/course_home/outline/{course}", "/api/course_home/course_metadata/{course}"),
        *("/api/course_home/dates/{course}", "/api/course_home/progress/{course}", "/api/courseware/course/{course}"),
        *(
            "/api/courseware/sequence/{above}",
            "/api/courses/v2/blocks/?course_id={course}&username={username}",
            "/xblock/{above}",
        ),
        *("/api/learning_sequences/v1/course_outline/{course}", "/courses/{course}/jump_to/{problem}"),
        *("/courses/{course}/courseware-search/enabled/", "/api/courses/v1/blocks/{above}?username={username}"),
        *("/courses/{course}/discussion/forum/", "/api/bookmarks/v1/bookmarks/?course_id={course}"),
        "/api/user/v1/accounts/{username}",
    )

    def test_a_whole_course_opens_its_pages_and_interfaces(self) -> None:
        self.open_course()
        off = ("/api/course_home/progress/{course}", "/courses/{course}/discussion/forum/")  # features of a site
        for path in self.FOR_COURSES:
            answer = self.visit(path)
            assert not is_refused(answer), path
            assert answer.status_code < 400 or path in off, (path, answer.status_code, answer.content[:300])
        for block in (self.world.problem, self.elsewhere):
            assert self.check(block).status_code == 200
        assert not is_refused(self.browser.post("/login_refresh"))

    def test_a_whole_course_opens_no_other_course_and_no_account(self) -> None:
        self.open_course()
        closed = (path for path in self.NOT_FOR_BLOCKS if "other" in path)
        for path in (*self.CLOSED, *closed):
            assert is_refused(self.visit(path)), path

    def with_token_alone(self) -> dict[str, str]:
        """Launch a course; return the token's two parts by their cookies. Nothing else of the browser is left."""
        ApplicationFactory.create(client_id=settings.JWT_AUTH["JWT_LOGIN_CLIENT_ID"], user__username="login_service")
        self.feature("DISABLE_SET_JWT_COOKIES_FOR_TESTS", False)
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        cookies = launch(self.browser, "ada", self.world.course.make_usage_key("course", "course")).cookies
        self.browser = Client(raise_request_exception=False)
        names = (jwt_cookie_header_payload_name(), jwt_cookie_signature_name())
        return {name: cookies[name].value for name in names}

    def hold_to_the_course(self, **headers: str) -> None:
        """Try what a token opens."""
        metadata = f"/api/course_home/course_metadata/{self.world.course}"
        mine = self.browser.get(metadata, headers=headers)
        assert mine.status_code == 200
        assert mine.json()["username"] == account("ada").username
        for path in (f"/api/courseware/course/{self.world.other_course}", "/api/enrollment/v1/enrollment"):
            assert is_refused(self.browser.get(path, headers=headers)), path
        for block, refused in ((self.world.other_block, True), (self.world.subsection, False)):
            keys = {"course_id": str(block.course_key), "usage_id": str(block), "handler": "get_completion"}
            answer = self.browser.post(reverse("xblock_handler", kwargs=keys), headers=headers)
            assert is_refused(answer) is refused
        Grant.objects.all().delete()
        scope.forget_all()
        assert is_refused(self.browser.get(metadata, headers=headers))

    def test_cookies_of_a_token_without_its_session_open_no_more(self) -> None:
        for name, value in self.with_token_alone().items():
            self.browser.cookies[name] = value
        self.hold_to_the_course(**{"USE-JWT-COOKIE": "true"})

    def test_a_token_in_a_header_opens_no_more(self) -> None:
        self.hold_to_the_course(Authorization=f"JWT {'.'.join(self.with_token_alone().values())}")

    # --- the table ----------------------------------------------------------------------------------------------------

    def test_no_address_of_the_lms_that_names_content_is_taken_for_one_that_does_not(self) -> None:
        course, block = "course-v1:Foreign+X+Y", "block-v1:Foreign+X+Y+type@problem+block@z"
        looked_at = 0
        for pattern, names in patterns(get_resolver().url_patterns, frozenset()):
            if _module(pattern.callback).startswith(UNHEARD) or "lti_1p3_provider" in _module(pattern.callback):
                continue
            arguments = dict.fromkeys(names, "1")
            arguments |= {name: course for name in names if name in COURSE_ARGUMENTS}
            arguments |= {name: block for name in names if name in BLOCK_ARGUMENTS}
            if not {course, block} & set(arguments.values()):
                assert not [name for name in names if "course_key" in name or "usage" in name], pattern
                continue
            request = RequestFactory().get("/")
            request.resolver_match = Match(pattern.name)
            surface = OpenEdxSurfaces().of(request, pattern.callback, arguments)
            assert not Scope({}).opens(surface), pattern
            looked_at += 1
        assert looked_at > 200


class Match:
    """As much of a match as is looked at."""

    def __init__(self, name: str | None) -> None:
        self.url_name = name


def patterns(some: Any, names: frozenset[str]) -> Iterator[tuple[URLPattern, frozenset[str]]]:
    """Yield all addresses, with the names of their arguments."""
    for one in some:
        found = set(getattr(one.pattern, "converters", {})) | set(one.pattern.regex.groupindex)
        if isinstance(one, URLPattern):
            yield one, names | found
        else:
            yield from patterns(one.url_patterns, names | found)
