{ set.value = throw "inside"; }
