"""The edge where configuration comes in: usage.yaml and the environment, read here and nowhere else, as values.

`load` reads the file (document → shape → values), `Environment` the variables. Wrong ones raise UsageConfigError, all at once.
"""

from usage_pipeline.settings.environment import Environment, MailServer
from usage_pipeline.settings.load import Settings, load

__all__ = ["Environment", "MailServer", "Settings", "load"]
