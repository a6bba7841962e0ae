# A fixed point of 800 overlays, each of which overrides two of 3,000 packages and adds one.
let packages = import ./growth/overlays.nix; in map packages [ 800 790 780 ]
