extension PHPContext { var culprit: Int? { frames.firstIndex { $0.kind == .user || $0.kind == .eval } } }
extension PHPContext.Frame { var sourceFile: [UInt8] { file } }
enum Interpreter { static func script(of: ProcessDescription) -> [UInt8]? { nil } }
