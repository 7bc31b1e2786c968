"""The journeys of the browser's lane, behind nginx."""

import pytest

from browser.test_filters import report, test_reports_and_billing_open_the_same_numbers  # noqa: F401 - collected here
from browser.test_live import tab, test_all_numbers_update_without_a_reload  # noqa: F401
from browser.test_report_numbers import (  # noqa: F401
    test_each_number_on_the_page_is_that_of_the_command_line,
    test_the_heat_map_adds_up_to_the_headline,
)
from browser.test_rows import (  # noqa: F401
    rows,
    test_each_number_links_to_that_many_rows,
    test_exports_have_the_rows_that_were_counted,
    test_filters_of_the_report_are_kept_on_its_rows_and_back,
)
from browser.test_sharing import (  # noqa: F401
    test_a_share_link_shows_its_view_in_another_browser_until_it_is_revoked,
)
from support.proxies import NGINX

# Caddy passes on what nginx does; the addresses are tested with both.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("site", NGINX, indirect=True, scope="session")]
