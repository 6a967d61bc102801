"""Generated courses have the shape and the size of real ones."""

from collections import Counter
from datetime import UTC, datetime

from demo.lms.course import LARGE, SMALL, courses
from demo.lms.generated import SIZES, generate
from demo.lms.problems import fraction, questions
from tests.cases import every

BEFORE_ALL_TESTS = datetime(2025, 9, 1, tzinfo=UTC)


@every("blocks", [1, 2, 5, 20, 159, 500, 2100])
def test_a_course_has_exactly_as_many_blocks_as_were_asked_for(blocks):
    structure = generate(SMALL, "Any", blocks)
    assert len(structure.nodes) == len({node.key for node in structure.below(structure.root.key)}) == blocks


def test_the_large_course_has_the_shape_of_a_real_one():
    structure = courses()[LARGE].read_whole()
    counts = Counter(node.key.block_type for node in structure.nodes.values())
    assert sum(counts.values()) == 2100
    assert 12 <= counts["chapter"] <= 15
    assert counts["problem"] > counts["html"] > counts["vertical"]
    final = list(structure.nodes)[-1]
    unfinished = {structure.root.key, final, *(above.key for above in structure.above(final))}
    for node in structure.nodes.values():
        if node.key.block_type in SIZES and node.key not in unfinished:
            assert len(node.children) in SIZES[node.key.block_type]


def test_it_is_the_same_each_time_and_another_under_another_key():
    assert generate(SMALL, "Any", 200) == generate(SMALL, "Any", 200)
    assert not set(generate(SMALL, "Any", 200).nodes) & set(generate(LARGE, "Any", 200).nodes)


def test_parents_and_children_name_each_other():
    structure = generate(SMALL, "Any", 500)
    for node in structure.nodes.values():
        assert all(structure.nodes[child].parent == node.key for child in node.children)
        assert (node.parent is None) == (node is structure.root)


def test_some_subsections_are_graded_with_a_format_and_a_date():
    structure = courses()[LARGE].read_whole()
    subsections = [node for node in structure.nodes.values() if node.key.block_type == "sequential"]
    graded = [node for node in subsections if node.graded]
    assert 0 < len(graded) < len(subsections)
    assert {node.format for node in graded} == {"Homework", "Quiz"}
    assert all(node.due > node.start for node in graded)
    assert not any(node.format or node.due for node in subsections if not node.graded)


def test_everything_is_published_and_has_started():
    nodes = list(courses()[LARGE].read_whole().nodes.values())
    assert all(node.published for node in nodes)
    assert all(node.start < BEFORE_ALL_TESTS for node in nodes[1:])


def test_all_problems_can_be_answered_right_and_wrong():
    problems = [node for node in courses()[LARGE].read_whole().nodes.values() if node.key.block_type == "problem"]
    assert {questions(node.source)[0].kind for node in problems} == {"choice", "numeric"}
    for node in problems:
        (question,) = questions(node.source)
        assert fraction(node.source, {question.name: list(question.right)}) == 1
        assert fraction(node.source, {question.name: ["1"]}) == 0
        assert not question.choices or len(set(question.choices)) == 3
        assert node.weight > 0


def test_the_first_component_of_a_unit_is_a_text_and_the_second_a_problem():
    structure = courses()[LARGE].read_whole()
    for node in structure.nodes.values():
        if node.key.block_type == "vertical" and len(node.children) > 1:
            assert [key.block_type for key in node.children[:2]] == ["html", "problem"]
