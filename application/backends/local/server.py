"""What the fork server imports first: from then on its collector passes over what the imports make (ADR 0010)."""

from wafer.process import spare_the_collector

spare_the_collector()
