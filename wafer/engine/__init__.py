"""Where the units of a stage's work run: in this process, in other processes, or on the workers of a cluster.

Units are whole files, buckets, blocks of columns or single fits; how many there are depends on the data alone, so that
every engine gives the same bytes (ADR 0019). A unit reads files that the task gave, writes files of fixed names into
the task's folders, which appear complete or not at all, and returns a few counts. Where the workers of a cluster see
neither, both go through the store.
"""

from wafer.engine.given import Given as Given
from wafer.engine.given import GivenFolder as GivenFolder
from wafer.engine.inline import Inline as Inline
from wafer.engine.protocol import Engine as Engine
from wafer.engine.protocol import Unit as Unit
from wafer.engine.settings import open_engine as open_engine
