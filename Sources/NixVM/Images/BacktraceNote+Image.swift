import NixBytecode

/// The notes of caught failures in an image, so that a thunk that failed before the image was made is explained as one
/// that fails afterwards.
extension ImageEncoder {
    /// - Parameters:
    ///   - note: the note.
    ///   - site: the address that the instruction at an address has in the image.
    mutating func add(_ note: BacktraceNote, site: (UnsafePointer<UInt8>) -> UInt) {
        switch note {
        case .code(let chunk, let offset, let isStart, let operand, let phase, let selection, let forced):
            add(.code)
            for number in [chunk, offset, forced] { add(Int(number)) }
            add(isStart)
            add(Int(operand))
            add(phase.imageNumber)
            add(selection.definition) { $0.add(Int($1)) }
            add(selection.name) { $0.add(Int($1)) }
        case .function(let chunk, let isEntered): add(.function, chunk, isEntered)
        case .site(let address):
            add(.site)
            add(UInt64(site(address)))
        case .builtin(let index): add(.builtin, UInt32(bitPattern: index))
        case .application(let function): add(.application, function)
        case .coercion: add(.coercion)
        case .coercionReason(let text): add(.coercionReason, text)
        case .substitution(let text, let position): add(.substitution, text, position)
        case .functor(let position): add(.functor, position)
        case .failurePosition: add(.failurePosition)
        case .attribute(let symbol, let position, let isJSON):
            add(.attribute, position, isJSON)
            add(Int(symbol))
        case .element(let index, let position, let isJSON):
            add(.element, position, isJSON)
            add(index)
        case .text(let text): add(.text, text)
        case .textAt(let text, let position): add(.textAt, text, position)
        case .position(let position):
            add(.position)
            add(position) { $0.add(Int($1)) }
        case .important(let text): add(.important, text)
        case .textAtFunction(let text, let chunk): add(.textAtFunction, text, chunk)
        case .here(let text): add(.here, text)
        case .message(let text):
            add(.message)
            add(text)
        case .recursion: add(.recursion)
        case .noApplicationPosition: add(.noApplicationPosition)
        case .file(let chunk): add(.file, chunk)
        }
    }

    private mutating func add(_ kind: NoteKind) { add(Int(kind.rawValue)) }

    private mutating func add(_ kind: NoteKind, _ number: UInt32) {
        add(kind)
        add(Int(number))
    }

    private mutating func add(_ kind: NoteKind, _ number: UInt32, _ flag: Bool) {
        add(kind, number)
        add(flag)
    }

    private mutating func add(_ kind: NoteKind, _ text: String) {
        add(kind)
        add(text)
    }

    private mutating func add(_ kind: NoteKind, _ text: String, _ number: UInt32) {
        add(kind, text)
        add(Int(number))
    }
}

extension ImageDecoder {
    /// Reads a note. Its addresses are valid in a machine that maps the image.
    mutating func note() throws(ImageError) -> BacktraceNote {
        guard let kind = NoteKind(rawValue: UInt8(truncatingIfNeeded: try count())) else { throw .damaged }
        switch kind {
        case .code: return try codeNote()
        case .function: return .function(chunk: try half(), isEntered: try flag())
        case .site:
            guard let address = UnsafePointer<UInt8>(bitPattern: UInt(try number())) else { throw .damaged }
            return .site(address)
        case .builtin: return .builtin(Int32(bitPattern: try half()))
        case .application: return .application(function: try half())
        case .coercion: return .coercion
        case .coercionReason: return .coercionReason(try string())
        case .substitution: return .substitution(try string(), try half())
        case .functor: return .functor(try half())
        case .failurePosition: return .failurePosition
        case .attribute:
            let (position, isJSON) = (try half(), try flag())
            return .attribute(symbol: try half(), position: position, isJSON: isJSON)
        case .element:
            let (position, isJSON) = (try half(), try flag())
            return .element(index: try integer(), position: position, isJSON: isJSON)
        case .text: return .text(try string())
        case .textAt: return .textAt(try string(), try half())
        case .position:
            return .position(try optional { (decoder) throws(ImageError) in try decoder.half() })
        case .important: return .important(try string())
        case .textAtFunction: return .textAtFunction(try string(), chunk: try half())
        case .here: return .here(try string())
        case .message: return .message(try text())
        case .recursion: return .recursion
        case .noApplicationPosition: return .noApplicationPosition
        case .file: return .file(chunk: try half())
        }
    }

    private mutating func codeNote() throws(ImageError) -> BacktraceNote {
        let (chunk, offset, forced) = (try half(), try half(), try half())
        let isStart = try flag()
        guard let operand = Int8(exactly: try integer()), let phase = CodeFrame.Phase(imageNumber: try count()) else {
            throw .damaged
        }
        var selection = SelectionDetails()
        selection.definition = try optional { (decoder) throws(ImageError) in try decoder.half() }
        selection.name = try optional { (decoder) throws(ImageError) in try decoder.half() }
        return .code(
            chunk: chunk, offset: offset, isStart: isStart, operand: operand, phase: phase, selection: selection,
            forced: forced)
    }

    /// A number of 32 bits.
    private mutating func half() throws(ImageError) -> UInt32 {
        guard let number = UInt32(exactly: try count()) else { throw .damaged }
        return number
    }
}

/// The cases of `BacktraceNote`, as they are numbered in images.
private enum NoteKind: UInt8 {
    case code, function, site, builtin, application, coercion, coercionReason, substitution, functor, failurePosition
    case attribute, element, text, textAt, position, important, textAtFunction, here, message, recursion
    case noApplicationPosition, file
}

extension CodeFrame.Phase {
    fileprivate var imageNumber: Int {
        switch self {
        case .own: 0
        case .operand: 1
        case .attribute: 2
        }
    }

    fileprivate init?(imageNumber: Int) {
        switch imageNumber {
        case 0: self = .own
        case 1: self = .operand
        case 2: self = .attribute
        default: return nil
        }
    }
}
