/// The programs of a machine by number. Those of an image are set up when something first asks for them, since most are
/// never asked for: their code runs from the image's tables.
struct LoadedPrograms {
    private var programs: [LoadedProgram?]
    private let image: HeapImage?

    init() {
        programs = []
        image = nil
    }

    /// - Parameter image: The image whose programs are there from the start.
    init(image: HeapImage) {
        programs = Array(repeating: nil, count: image.programCount)
        self.image = image
    }

    var count: Int { programs.count }

    subscript(number: Int) -> LoadedProgram {
        mutating get {
            if let known = programs[number] { return known }
            guard let image else { fatalError("program \(number) was never loaded") }
            let program = LoadedProgram(image: image, number: number)
            programs[number] = program
            return program
        }
    }

    mutating func append(_ program: LoadedProgram) { programs.append(program) }

    /// The programs that are set up.
    var present: [LoadedProgram] { programs.compactMap { $0 } }
}
