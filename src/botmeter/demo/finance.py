"""People, cost centres, budgets and reasons of the retailer's billing, as editable tables."""

from typing import Final

BILLING_ADMIN: Final = "nora.hale@maple-and-moor.example"
OWNER: Final = "samir.okoye@maple-and-moor.example"

COST_CENTRES: Final = {
    "bot_returns": "Customer service",
    "bot_delivery": "Customer service",
    "bot_stores": "Retail stores",
    "bot_advice": "Online shop",
    "bot_loyalty": "Marketing",
}
"""By bot. Order Status has none: what WhatsApp brings to it is paid for by that channel's."""
CHANNEL, COST_CENTRE_OF_CHANNEL = "whatsapp", "Customer service"
MOVED_BOT, COST_CENTRE_SINCE = "bot_delivery", "Logistics"

BUDGETED_BOT, BRAKED_CHANNEL, BUDGETED_COST_CENTRE = "bot_advice", "messenger", "Marketing"

MONTH_REASON: Final = "As many as last month needed"
CAMPAIGN_REASON: Final = "For this month's campaign"
TOP_UP_REASON: Final = "Few sessions left"
MISTAKE_REASON: Final = "Ten times as many packs were typed as were bought"
CONTRACT_REASON: Final = "Contract signed: sessions are no longer stopped"

CORRECTIONS: Final = (
    ("void", "bot_orders", "web", "Opened by the uptime monitor of the web shop, not by a customer"),
    ("test", "bot_returns", "ios", "Test of the returns form by the team of the app"),
)
"""Kind of correction, bot and channel of the session, and reason."""
