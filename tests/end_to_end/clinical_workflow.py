"""The steps that need no more than outcomes and a table of measurements, without figures."""

from storiform.statistics.association import associations
from storiform.statistics.characteristics import characteristics
from storiform.statistics.clinic import clinic
from storiform.statistics.hazards import hazards
from storiform.statistics.odds import odds
from storiform.statistics.populations import populations
from storiform.statistics.response_rates import response_rates
from storiform.statistics.response_trends import response_trends
from storiform.statistics.survival import survival
from storiform.statistics.trial_times import trial_times

STEPS = (
    clinic,
    populations,
    characteristics,
    response_rates,
    trial_times,
    associations,
    survival,
    hazards,
    odds,
    response_trends,
)
