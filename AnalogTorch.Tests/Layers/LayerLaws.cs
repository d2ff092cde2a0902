using AnalogTorch.Layers;

namespace AnalogTorch.Tests.Layers;

public class LayerLaws : LawsOf<LayerKind>;
