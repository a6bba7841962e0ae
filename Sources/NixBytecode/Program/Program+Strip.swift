extension Program {
    /// The program without source positions. It evaluates to the same values except for positions (`__curPos`,
    /// `unsafeGetAttrPos`), and its errors have no line numbers.
    public func stripped() -> Program {
        var program = self
        program.lines = nil
        for shape in program.shapes.indices {
            for name in program.shapes[shape].names.indices { program.shapes[shape].names[name].span = nil }
        }
        for entry in program.formals.indices {
            for formal in program.formals[entry].formals.indices { program.formals[entry].formals[formal].span = nil }
        }
        for chunk in program.chunks.indices {
            program.chunks[chunk].spans = []
            program.chunks[chunk].instructionSpans = []
        }
        return program
    }
}
