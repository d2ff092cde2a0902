using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The time that learning takes on an array beside its two reads: trains, reads and pulses of transfers, and what the rule works out digitally.</summary>
/// <remarks>
/// t = l·t_pulse + (inputs + outputs)/F for an example whose trains are drawn, t_read for a line that a transfer reads, t_pulse for every slot of its
/// pulses, 1/F for a digital
/// operation. With the defaults, those of Rasch et al., Nature Communications 15:7133 (2024), an array of 512×512 takes 30.9 ns an example for plain
/// pulses, 56.3 ns for
/// (chopped) Tiki-Taka version 2 and 62.1 ns for AGAD with a line every two examples, 3.0 µs for mixed precision and 95.9 ns for multi-tile residual
/// learning.
/// </remarks>
public sealed record UpdateTiming : HardwareConfig
{
    /// <summary>How long it takes to read an array, all lines at once (t_MVM).</summary>
    [Unit("s")]
    public double ReadTime { get; init => field = NotNegative(value); } = 40 * Units.ns;

    /// <summary>How long a slot of a train takes.</summary>
    [Unit("s")]
    public double PulseTime { get; init => field = NotNegative(value); } = 5 * Units.ns;

    /// <summary>Mean length of the trains of an example (l_avg).</summary>
    [Unit("1")]
    public double TrainLength { get; init => field = NotNegative(value); } = 5;

    /// <summary>Digital operations a second that an array has for itself: 0.7 TFLOPS for four arrays.</summary>
    [Unit("Hz")]
    public double Throughput { get; init => field = Positive(value); } = 0.7e12 / 4;

    /// <summary>Time that learning took in a layer, over all examples of the pass (s).</summary>
    /// <param name="layer">What the layer did.</param>
    public double Of(CensusLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var drawn = layer.Trains * (layer.Inputs + layer.Outputs) * layer.Groups;
        return (layer.Trains * TrainLength + layer.Rule.TransferSlots) * PulseTime + layer.Rule.LineReads * ReadTime + (drawn + layer.Rule.Operations) / Throughput;
    }

    /// <summary>Time of an example in a layer, its two reads included (s); 0 for a layer that did not learn.</summary>
    /// <param name="layer">What the layer did.</param>
    public double OfExample(CensusLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return layer.Updates == 0 ? 0 : Of(layer) / layer.Updates + 2 * ReadTime;
    }
}
