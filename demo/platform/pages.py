"""Pages for people: course, link in a frame, gradebook, faults, return."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for

from demo.platform import faults as fault_kinds
from demo.platform.answers import Refusal
from demo.platform.config import Person, Tool
from demo.platform.dialogs import BEHAVIOURS, KINDS
from demo.platform.emulator import Platform, current_platform
from demo.platform.gradebook import gradebook, score_on_link, shown
from demo.platform.oidc import dialog_of_request, person_of_request
from demo.platform.storage import as_query, chosen

blueprint = Blueprint("pages", __name__)
PERSON_COOKIE = "demo_platform_person"


@blueprint.app_context_processor
def on_every_page() -> dict[str, object]:
    """Names that the base template needs."""
    config = current_platform().config
    return {"platform_name": config.name, "course": config.context, "shown": shown}


@blueprint.get("/")
def course() -> Response:
    """The course page, as the chosen person sees it."""
    platform = current_platform()
    people = platform.store.people()
    wanted = request.args.get("person") or request.cookies.get(PERSON_COOKIE, "")
    person = platform.store.person(wanted) or (people[0] if people else Person(id="nobody", name="Nobody"))
    links = platform.store.links()
    page = render_template(
        "course.html",
        people=people,
        person=person,
        links=links,
        tools={tool.client_id: tool for tool in platform.store.tools()},
        columns={link.id: platform.store.line_item_of(link.id) for link in links},
        kinds=KINDS,
        behaviours=BEHAVIOURS,
        scores={link.id: score_on_link(platform, link, person) for link in links},
    )
    answer = make_response(page)
    answer.set_cookie(PERSON_COOKIE, person.id, samesite="Lax", httponly=True)
    return answer


@blueprint.get("/links/<link_id>")
def framed(link_id: str) -> Response:
    """A link opened in this page, in a frame."""
    platform = current_platform()
    link = platform.store.link(link_id)
    tool = platform.store.tool(link.client_id) if link else None
    if link is None or tool is None:
        raise Refusal(404, "There is no such link in this course.")
    person = person_of_request(platform)
    storage = chosen(platform)
    url = platform.launch_url(link.id, person.id, "iframe").removeprefix(platform.base_url)
    shown_here = {"link": link, "tool": tool, "person": person, "launch_url": url + as_query(platform)}
    origins = " ".join(sorted(_origins(tool, link.target_link_uri)))
    return make_response(render_template("framed.html", **shown_here, storage=storage, origins=origins))


@blueprint.get("/add-content")
def add_content() -> Response:
    """A tool's picker opened in this page, in a frame."""
    platform = current_platform()
    person, dialog = person_of_request(platform), dialog_of_request()
    tool = platform.store.tool(request.args.get("client_id", ""))
    if tool is None:
        raise Refusal(404, "There is no such tool.")
    url = platform.deep_link_url(person.id, tool.client_id, dialog).removeprefix(platform.base_url)
    shown_here = {"tool": tool, "person": person, "url": f"{url}&target=iframe{as_query(platform)}"}
    origins = " ".join(sorted(_origins(tool, tool.deep_link_url or tool.redirect_uris[0])))
    page = render_template("add_content.html", **shown_here, what=KINDS[dialog.kind], origins=origins)
    return make_response(page)


@blueprint.get("/storage")
def storage_frame() -> Response:
    """The frame in a course page that keeps what the tool puts there."""
    answer = make_response(
        render_template(
            "storage_frame.html", storage=chosen(current_platform()), origins=request.args.get("origins", "")
        )
    )
    answer.headers["Content-Security-Policy"] = "frame-ancestors 'self'"
    return answer


@blueprint.get("/gradebook")
def gradebook_page() -> Response:
    """The gradebook; a script fills and refreshes it."""
    return make_response(render_template("gradebook.html", book=gradebook(current_platform())))


@blueprint.get("/gradebook.json")
def gradebook_data() -> Response:
    """The gradebook as JSON."""
    answer = jsonify(gradebook(current_platform()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/faults", methods=["GET", "POST"])
def faults() -> Response:
    """Switch faults on and off."""
    platform = current_platform()
    if request.method == "POST":
        try:
            _switch(platform)
        except (TypeError, ValueError) as error:
            raise Refusal(400, f"This fault cannot be set: {error}.") from error
        return make_response(redirect(url_for("pages.faults"), 303))
    page = render_template(
        "faults.html",
        active=platform.faults.active,
        token_kinds=fault_kinds.TOKEN_KINDS,
        answer_kinds=fault_kinds.ANSWER_KINDS,
        endpoints=fault_kinds.ENDPOINTS,
        keys=platform.public_jwks()["keys"],
    )
    return make_response(page)


@blueprint.get("/return")
def tool_return() -> Response:
    """Where tools send people back to, with a message that is shown as text."""
    said = [request.args[name] for name in ("lti_errormsg", "lti_msg") if request.args.get(name)]
    failed = bool(request.args.get("lti_errormsg"))
    title = "The tool reports a problem" if failed else "Back from the tool"
    paragraphs = said or ["The tool has sent you back to the course."]
    return make_response(
        render_template("message.html", title=title, paragraphs=paragraphs, kind="error" if failed else "note")
    )


def _switch(platform: Platform) -> None:
    form = request.form
    if form.get("action") == "clear":
        platform.faults.clear()
        return
    platform.faults.set(
        form["kind"],
        endpoint=form.get("endpoint", "launch"),
        times=int(form["times"]) if form.get("times") else None,
        status=int(form.get("status") or 500),
        seconds=float(form.get("seconds") or 2),
        retry_after=int(form["retry_after"]) if form.get("retry_after") else None,
    )


def _origins(tool: Tool, target_link_uri: str) -> set[str]:
    parts = [urlsplit(url) for url in (tool.login_url, target_link_uri, *tool.redirect_uris)]
    return {f"{part.scheme}://{part.netloc}" for part in parts}
