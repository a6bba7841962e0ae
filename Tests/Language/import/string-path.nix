import (toString ./data + "/one.nix")
