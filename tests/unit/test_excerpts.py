"""What of an author's markup a preview shows: nothing that a learner would not read."""

from __future__ import annotations

import pytest

from lti_1p3_provider.deep_linking.excerpts import (
    MAX_LENGTH,
    MAX_PARTS,
    MAX_PICTURES,
    MAX_READ,
    MAX_TRANSCRIPT,
    Part,
    film,
    parts,
)
from lti_1p3_provider.host.sources import Video
from tests.cases import every

SECRET = "SECRET"


@every(
    "hidden",
    [
        f"<solution><div><p>{SECRET}</p></div></solution>",
        f'<stringresponse answer="{SECRET}"><label>Ask</label></stringresponse>',
        f'<choicegroup><choice correct="true">A<choicehint label="x">{SECRET}</choicehint></choice></choicegroup>',
        f"<demandhint><hint>{SECRET}</hint></demandhint>",
        f"<script type='loncapa/python'>x = '{SECRET}' < 2</script>",
        f"<customresponse><answer>{SECRET}</answer></customresponse>",
        f"<targetedfeedbackset><targetedfeedback><p>{SECRET}</p></targetedfeedback></targetedfeedbackset>",
        f"<optioninput options=\"('A','B')\" correct=\"{SECRET}\"/>",
        f"<numericalresponse answer='1'><correcthint>{SECRET}</correcthint></numericalresponse>",
        f"<!-- {SECRET} --><style>.a {{ content: '{SECRET}' }}</style>",
        f"<solution>{SECRET}<p>never closed",
        f"<SOLUTION>{SECRET}</SOLUTION>",
        f"<textline correct_answer='{SECRET}'/>",
        f"<p>{'x' * MAX_READ}</p><solution>{SECRET}</solution>",
        f"<i>{'x' * (MAX_READ - 20)}</i><choice correct='{SECRET}' name='far behind'>A</choice>",
    ],
)
def test_solutions_hints_and_scripts_are_left_out(hidden: str):
    assert SECRET not in str(parts(f"<problem><p>Before</p>{hidden}</problem>"))


def test_a_problem_is_its_question_and_its_choices():
    found = parts(
        "<problem><multiplechoiceresponse><label>Which is &lt;fast&gt;?</label><choicegroup>"
        '<choice correct="true"><div>Light</div></choice><choice correct="false">Sound</choice>'
        "</choicegroup></multiplechoiceresponse></problem>"
    )
    assert found == (Part("question", "Which is <fast>?"), Part("choice", "Light"), Part("choice", "Sound"))


@every("field", ["", "<textline size='20'/>", "<formulaequationinput/>"])
def test_a_typed_answer_has_one_field(field: str):
    found = parts(f"<problem><stringresponse answer='x'><label>Say</label>{field}</stringresponse></problem>")
    assert found == (Part("question", "Say"), Part("field"))


def test_the_options_of_a_list_are_shown():
    found = parts("<problem><optioninput options=\"('one','it''s')\" correct='one'/></problem>")
    assert found[0] == Part("choice", "one")


OURS = "/asset-v1:DemoX+LTI101+2026+type@asset+block@lamp.png"


@every(
    "picture, shown",
    [
        (f'<img src="{OURS}" alt="A lamp">', Part("picture", "A lamp", OURS)),
        (f'<img src="{OURS}">', Part("picture", "", OURS)),
        (
            '<img src="/assets/courseware/v1/0123/asset-v1:A+B+C+type@asset+block/x.svg" alt="">',
            "/assets/courseware/v1/",
        ),
        ('<image><img src="/c4x/Org/Course/asset/x.jpg" alt="Old"/></image>', "/c4x/Org/"),
        ('<img src="https://elsewhere.example/spy.png" alt="Spy">', Part("picture", "Spy")),
        ('<img src="//elsewhere.example/asset-v1:x" alt="Spy">', Part("picture", "Spy")),
        ('<img src="/asset-v1:A+B+C+type@asset+block@../../logout" alt="Out">', Part("picture", "Out")),
        ('<img src="/logout" alt="Out">', Part("picture", "Out")),
        ('<img src="data:image/png;base64,AAAA" alt="Data">', Part("picture", "Data")),
        ('<img src="/asset-v1:A&quot; onerror=&quot;x" alt="Quote">', Part("picture", "Quote")),
        ('<img src="/asset-v1:A\\x" alt="Slash">', Part("picture", "Slash")),
        ('<img src="https://elsewhere.example/spy.png">', None),
        (f'<solution><img src="{OURS}" alt="Right"></solution>', None),
    ],
)
def test_pictures_of_the_course_are_shown_and_others_are_named(picture: str, shown: Part | str | None):
    found = [part for part in parts(f"<p>Look</p>{picture}") if part.kind == "picture"]
    if isinstance(shown, str):
        assert found[0].address.startswith(shown)
    else:
        assert found == ([shown] if shown else [])


def test_there_is_an_end_to_pictures():
    found = parts(f'<img src="{OURS}" alt="x">' * (MAX_PICTURES + 5) + "<p>after</p>")
    assert [part.kind for part in found] == ["picture"] * MAX_PICTURES + ["text"]


def test_a_text_keeps_its_paragraphs_headings_and_items():
    found = parts('<h2>Light</h2><p>It is <b>fast</b>.</p><ul><li>red</li><li>blue</li></ul><img src="x" alt="A lamp">')
    assert found == (
        Part("heading", "Light"),
        Part("text", "It is fast."),
        Part("item", "red"),
        Part("item", "blue"),
        Part("picture", "A lamp"),
    )


def test_a_long_text_is_cut():
    assert sum(len(part.text) for part in parts("<p>word</p>" * 3000)) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("markup", "address"),
    [(f'<imageinput src="{OURS}" rectangle="(1,1)-(2,2)"/>', OURS), (f'<drag_and_drop_input img="{OURS}"/>', OURS)],
)
def test_pictures_to_answer_on_are_shown(markup: str, address: str):
    assert parts(f"<problem>{markup}</problem>") == (Part("picture", "", address),)


@every(
    "markup, name",
    [
        ('<iframe src="https://elsewhere.example/map" title="A map">fallback</iframe>', "A map"),
        ('<video controls aria-label="A film"><source src="x"><p>fallback</p></video>', "A film"),
        ('<audio src="https://elsewhere.example/x.mp3">fallback</audio>', ""),
        ('<object data="x"><embed src="x">fallback</object>', ""),
        ('<embed src="https://elsewhere.example/x">', ""),
    ],
)
def test_what_is_embedded_is_named_and_not_loaded(markup: str, name: str):
    assert parts(f"{markup}<p>after</p>") == (Part("embedded", name), Part("text", "after"))


def test_nothing_is_told_of_what_is_embedded_in_a_solution():
    assert parts('<solution><iframe title="the answer"></iframe></solution>') == ()


def test_what_a_problems_script_computes_is_left_open():
    script = '<script type="loncapa/python">x = 2</script>'
    problem = "<problem>{}<p>Add $x and $y_1 for $5.</p></problem>"
    assert parts(problem.format(script)) == (Part("text", "Add … and … for $5."),)
    assert parts(problem.format("")) == (Part("text", "Add $x and $y_1 for $5."),)


@every("markup", ["<textline/>", "<embed>", "<p>x</p>", f'<img src="{OURS}">', "<choice>a</choice>"])
def test_there_is_an_end_to_everything(markup: str):
    assert len(parts(markup * 10_000)) <= MAX_PARTS


@every("seconds, length", [(5, "0:05"), (245.4, "4:05"), (3599.6, "1:00:00"), (3725, "1:02:05"), (None, ""), (0, "")])
def test_how_long_a_video_is(seconds: float | None, length: str):
    assert film(Video(seconds)) == ((Part("length", length),) if length else ())


def test_a_video_is_its_picture_and_how_it_begins():
    long = "word " * 1000
    picture, said = film(Video(poster="/media/x.png", transcript=long))
    assert picture == Part("picture", "", "/media/x.png")
    assert said.text.startswith("word word")
    assert said.text.endswith("word …")
    assert len(said.text) <= MAX_TRANSCRIPT + 2
    assert film(Video(transcript=" \n one\n\ntwo ")) == (Part("said", "one two"),)
    assert film(Video(transcript="語" * 5000))[0].text == "語" * MAX_TRANSCRIPT + " …"
    assert film(Video()) == ()
