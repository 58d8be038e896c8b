"""`python tools/make_surnames.py`: make data/surnames.txt from the PyPI package Faker.

Only this script needs Faker, whose version is pinned in constraints.txt.
"""

import importlib
import re
import unicodedata
from collections import Counter
from pathlib import Path

# Languages that use the Latin script and have at least a few hundred names in Faker.
LOCALES = {
    "Croatian": ["hr_HR"],
    "Dutch": ["nl_NL"],
    "English": ["en_GB"],
    "Finnish": ["fi_FI"],
    "French": ["fr_FR"],
    "German": ["de_AT", "de_DE"],
    "Italian": ["it_IT"],
    "Spanish": ["es_ES"],
}
# Unicode doesn't decompose these letters into a plain letter and an accent.
PLAIN = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae"})
PATH = Path(__file__).resolve().parents[1] / "src" / "gatewise" / "data" / "surnames.txt"
HEAD = """\
# Surnames by language, one language per line: names of one word, in plain letters a to z.
# Names that belong to two of the languages are left out. Extracted from the PyPI package
# Faker {version} by tools/make_surnames.py. Faker's license (MIT):
#
{license}
"""


def fold(name):
    """Return a name in lowercase without accents, since an accent would reveal the language."""
    letters = unicodedata.normalize("NFKD", name.lower().translate(PLAIN))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def surnames():
    """Return the surnames in Faker as a dict from languages to sorted lists."""
    names = {language: set() for language in LOCALES}
    for language, locales in LOCALES.items():
        for locale in locales:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
            names[language] |= {fold(name) for name in provider.last_names}
    count = Counter(name for found in names.values() for name in found)
    return {
        # Keep only one-word names, since prefixes such as "van der" would reveal the language.
        language: sorted(n for n in found if count[n] == 1 and re.fullmatch("[a-z]+", n))
        for language, found in names.items()
    }


def text():
    from importlib.metadata import distribution

    faker = distribution("Faker")
    terms = next(file for file in faker.files if file.name.startswith("LICENSE")).read_text(
        encoding="utf-8"
    )
    commented = "\n".join(f"# {line}".rstrip() for line in terms.strip().splitlines())
    head = HEAD.format(version=faker.version, license=commented)
    lines = [f"{language}: {' '.join(names)}" for language, names in surnames().items()]
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
