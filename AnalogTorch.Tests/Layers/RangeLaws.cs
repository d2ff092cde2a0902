using AnalogTorch.Tiles;

namespace AnalogTorch.Tests.Layers;

public class RangeLaws : LawsOf<WeightRange>;
