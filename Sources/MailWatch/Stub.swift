extension PHPContext { var culprit: Int? { frames.firstIndex { $0.kind == .user || $0.kind == .eval } } }
extension PHPContext.Frame { var sourceFile: [UInt8] { file }; public var call: [UInt8] { scope.isEmpty ? function : scope + Array("::".utf8) + function } }
enum Interpreter { static func script(of: ProcessDescription) -> [UInt8]? { nil } }
