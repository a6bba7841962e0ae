# From n = 60000: a list of records is written and read.
n: builtins.length (builtins.fromJSON (builtins.toJSON (builtins.genList (i: { id = i; name = "name ${toString i}"; }) n)))
