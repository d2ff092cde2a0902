using AnalogTorch.Conductance;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>What hardware makes of one weight matrix: the array that a tile of it is.</summary>
/// <param name="Hardware">The hardware.</param>
/// <param name="Matrix">The matrix.</param>
internal sealed record Placement(LayerHardware Hardware, LayerMatrix Matrix)
{
    /// <summary>Whether a bias is one more line of the array.</summary>
    public bool HasAnalogBias => Matrix.Bias is not null && Hardware.PutsBiasInArray;

    /// <summary>Outputs of all groups.</summary>
    public long AllOutputs => Matrix.Outputs;

    /// <summary>Outputs to which a bias is added beside the converters, at each read.</summary>
    public long DigitalBiases => Matrix.Bias is not null && !Hardware.PutsBiasInArray ? AllOutputs : 0;

    /// <summary>Input lines of a group.</summary>
    public long Lines => Matrix.Inputs + (HasAnalogBias ? 1 : 0);

    /// <summary>Digits of a weight that are converted each by itself.</summary>
    public int Slices => Hardware is InferenceConfig { Map: ISliced map } ? map.Slices : 1;

    /// <summary>Devices of all weights.</summary>
    public long Devices => (long)Math.Ceiling(Lines * AllOutputs * Hardware.DevicesPerWeight(AllOutputs));

    /// <summary>The path of the reads from the input side.</summary>
    public AnalogPath ForwardPath => Hardware switch
    {
        TileConfig config => config.Forward,
        HardwareAwareConfig config => config.Forward,
        InferenceConfig config => config.Forward,
        _ => new(),
    };

    /// <summary>Bits of the converters, from either side; errors of a programmed layer are worked out digitally.</summary>
    public (ArrayRead Forward, ArrayRead Backward) Reads => Hardware switch
    {
        TileConfig config => (Read(ForwardPath), Read(config.Backward)),
        HardwareAwareConfig config => (Read(ForwardPath), Read(config.Backward)),
        _ => (Read(ForwardPath), new()),
    };

    private static ArrayRead Read(AnalogPath path) => new() { InputBits = Bits(path.Dac), OutputBits = Bits(path.Adc) };

    /// <summary>Bits of a converter with 2^bits − 2 steps over its range; null for an ideal one, or one that cannot be said in numbers.</summary>
    private static double? Bits(Converter converter) => converter switch
    {
        UniformConverter uniform => uniform.Bits,
        _ => converter.AsQuantizer is { Step: > 0 } quantizer && float.IsFinite(quantizer.Bound) ? Math.Log2(2 * quantizer.Bound / quantizer.Step + 2) : null,
    };
}
