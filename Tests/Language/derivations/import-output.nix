# differs from 2.8.0: nothing is built
import (derivation { name = "x"; system = "s"; builder = "b"; })
