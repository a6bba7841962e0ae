"${{ outPath = "out"; }} ${{ __toString = self: self.v; v = "to"; }}"
