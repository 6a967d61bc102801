"""What of an author's markup a preview shows: nothing that a learner would not read."""

from __future__ import annotations

import pytest

from lti_1p3_provider.deep_linking.excerpts import MAX_LENGTH, MAX_READ, Part, parts

SECRET = "SECRET"


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("field", ["", "<textline size='20'/>", "<formulaequationinput/>"])
def test_a_typed_answer_has_one_field(field: str):
    found = parts(f"<problem><stringresponse answer='x'><label>Say</label>{field}</stringresponse></problem>")
    assert found == (Part("question", "Say"), Part("field"))


def test_the_options_of_a_list_are_shown():
    found = parts("<problem><optioninput options=\"('one','it''s')\" correct='one'/></problem>")
    assert found[0] == Part("choice", "one")


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
