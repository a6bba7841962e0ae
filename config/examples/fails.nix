# Fails on purpose: the port is out of range, and the message says what to do.
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
