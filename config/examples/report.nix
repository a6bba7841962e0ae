# Reports its progress: the output of `trace` and `warn` is returned with the result.
let
  orders = [
    { item = "paper"; amount = 12; price = 4.5; }
    { item = "ink"; amount = 0; price = 19.9; }
    { item = "pens"; amount = 40; price = 1.25; }
  ];
  checked = order:
    if order.amount == 0
    then builtins.warn "order of ${order.item} is empty" order
    else builtins.trace "order of ${order.item}: ${toString order.amount}" order;
  total = builtins.foldl' (sum: order: let o = checked order; in sum + o.amount * o.price) 0 orders;
in
{ inherit total; }
