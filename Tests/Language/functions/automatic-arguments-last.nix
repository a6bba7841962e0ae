# Of several arguments for one name the last counts, whichever option gave it.
{ a, b, ... }: [ a b ]
