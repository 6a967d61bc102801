"""What generated courses are about: subjects with their terms, of which titles are made; some in other scripts."""

from __future__ import annotations

from collections.abc import Callable

WORDS = {"chapter": "Section", "sequential": "Subsection", "vertical": "Unit", "html": "Text", "problem": "Problem"}
SUBJECTS = {
    "Botany": "photosynthesis roots leaves pollination seeds mosses ferns flowering stomata chlorophyll",
    "Mechanics": "velocity acceleration friction momentum torque pendulum collisions gravity inertia energy",
    "Chemistry": "acids bases oxidation titration isotopes equilibrium catalysts polymers solubility bonds",
    "Statistics": "sampling variance regression correlation confidence likelihood outliers histograms priors",
    "Economics": "inflation markets taxation elasticity trade unemployment monopoly interest scarcity utility",
    "Medieval history": "feudalism monasteries crusades guilds plague castles parliament heraldry pilgrims",
    "Music": "harmony counterpoint rhythm cadence modulation timbre orchestration intervals fugue sonata",
    "Astronomy": "galaxies nebulae parallax redshift eclipses comets pulsars exoplanets telescopes tides",
    "Programming": "recursion iteration closures pointers sorting hashing concurrency parsing types testing",
    "Anatomy": "skeleton muscles nerves arteries lungs kidneys retina cochlea digestion lymph",
    "Geology": "basalt sediment erosion volcanoes faults glaciers fossils minerals plates karst",
    "Law": "contracts torts evidence precedent liability equity statutes appeals jurisdiction remedies",
    "Français": "été forêt élève théâtre mémoire lumière océan château grammaire poésie",
    "Español": "mañana corazón niño español acción razón música página árbol océano",
    "Русский язык": "глагол падеж ударение корень приставка суффикс предложение чтение письмо речь",
    "Ελληνικά": "ρήμα ουσιαστικό επίθετο σύνταξη φωνήεν ιστορία ποίηση λόγος ερώτηση άσκηση",
    "العربية": "فعل اسم حرف جملة قراءة كتابة تاريخ شعر لغة سؤال",
    "中文": "光合作用 语法 汉字 历史 阅读 写作 诗歌 数学 地理 练习",
    "日本語": "文法 漢字 ひらがな カタカナ 読解 作文 歴史 会話 練習 発音",
    "हिन्दी": "व्याकरण क्रिया संज्ञा विशेषण कविता इतिहास लेखन पठन अभ्यास भाषा",
}
LEVELS = ("Introduction to {}", "{}", "{} in practice", "Advanced {}", "{} for teachers")

Titles = Callable[[str, tuple[int, ...]], str]


def plain(tag: str, place: tuple[int, ...]) -> str:
    """Return a title that says the place only."""
    return f"{WORDS[tag]} {'.'.join(map(str, place))}"


def course_title(number: int) -> str:
    """Return the title of one of many courses."""
    return f"{LEVELS[number // len(SUBJECTS) % len(LEVELS)].format(_subject(number))} {2000 + number // 100}"


def about(number: int) -> Titles:
    """Return what makes the titles of that course's blocks. Courses of one subject have the same."""
    terms = SUBJECTS[_subject(number)].split()

    def title(tag: str, place: tuple[int, ...]) -> str:
        first, second = terms[sum(place) % len(terms)], terms[place[-1] * len(place) % len(terms)]
        return f"{plain(tag, place)}: {first if first == second else f'{first}, {second}'}"

    return title


def _subject(number: int) -> str:
    return list(SUBJECTS)[number % len(SUBJECTS)]
