"""What a candidacy publishes in its search attributes."""

from runtime import search_attributes
from runtime.attribute_names import Attribute
from tests.unit.domain.builders import Candidacy
from workflows.publishing import attributes


def test_every_search_attribute_is_registered_and_published() -> None:
    names = [attribute.value for attribute in Attribute]
    assert [key.name for key in search_attributes.ALL] == names, "add its key to ALL in runtime/search_attributes.py"
    published = [key.name for key in attributes(Candidacy().state)]
    assert published == names, "add it to `attributes` in workflows/publishing.py"
