{
  inputs = {
    one.url = "path:./one";
    two = { url = "path:./two"; inputs.leaf.follows = "one/leaf"; };
    three = { url = "path:./two"; inputs.leaf.url = "path:./other"; };
    four.follows = "two/leaf";
  };
  outputs = { self, one, two, three, four }: {
    names = [ one.name two.name three.name four.name ];
  };
}
