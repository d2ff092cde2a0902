using AnalogTorch.Periphery;

namespace AnalogTorch.Tests.Periphery;

public class InputScalingLaws : LawsOf<InputScaling>;

public class ConverterLaws : LawsOf<Converter>;

public class IrDropLaws : LawsOf<IrDrop>;

public class ReadNoiseLaws : LawsOf<ReadNoise>;

public class SaturationLaws : LawsOf<Saturation>;

public class RoundingLaws : LawsOf<Rounding>;
