let f=x: [x];in[(f 1)(f{a=1;})(f"s")(f[])]
