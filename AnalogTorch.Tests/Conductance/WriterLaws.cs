using AnalogTorch.Conductance;

namespace AnalogTorch.Tests.Conductance;

public class WriterLaws : LawsOf<ConductanceWriter>;
