using AnalogTorch.Energy;

namespace AnalogTorch.Tests.Energy;

/// <summary>What holds for every cost model of the library.</summary>
public class CostLaws : LawsOf<HardwareCost>;
