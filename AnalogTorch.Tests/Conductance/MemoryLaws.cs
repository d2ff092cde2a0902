using AnalogTorch.Conductance;

namespace AnalogTorch.Tests.Conductance;

public class MemoryLaws : LawsOf<MemoryStatistics>;
