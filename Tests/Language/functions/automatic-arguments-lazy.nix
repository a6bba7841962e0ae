# An argument is evaluated where its value is needed.
{ n, ... }: 1
