# Fails on purpose: a port that is out of range, with a message that says what to do.
let
  checkPort = name: port:
    if port < 1 || port > 65535
    then throw "service '${name}': port ${toString port} is out of range; use 1 to 65535"
    else port;
  services = {
    web = { port = 8080; };
    metrics = { port = 90900; };
  };
in
builtins.mapAttrs
  (name: service: builtins.addErrorContext "while checking the service '${name}'" (checkPort name service.port))
  services
