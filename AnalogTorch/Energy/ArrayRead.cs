namespace AnalogTorch.Energy;

/// <summary>How the reads of an array from one side are driven and converted.</summary>
/// <remarks>What is null nobody has said or measured: a cost model then takes its own converters, and the activity that its constants are stated for.</remarks>
public sealed record ArrayRead
{
    /// <summary>Bits of what drives a line, as the path of the layer's own hardware has them.</summary>
    public double? InputBits { get; init; }

    /// <summary>Bits of what a line is converted to, as the path of the layer's own hardware has them.</summary>
    public double? OutputBits { get; init; }

    /// <summary>Mean over lines and reads of |input| as a share of the converter's range: how much of the longest duration a line is on.</summary>
    public double? Activity { get; init; }

    /// <summary>Share of lines and reads whose input is not 0 after the converter: lines that are driven at all.</summary>
    public double? DrivenShare { get; init; }
}
