using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Mnist;

/// <summary>What the devices of the first layer did during a training.</summary>
/// <param name="Observables">Conductances and the like at the end, by name, in SI.</param>
/// <param name="Early">Pulses per weight over the first counting window.</param>
/// <param name="Late">Pulses per weight over the last whole counting window.</param>
/// <param name="BeforeTransfer">Weights before the array is written with its own weights once more.</param>
/// <param name="AfterTransfer">Weights after it.</param>
internal sealed record Findings(
    IReadOnlyList<Sample> Observables, PulseWindow? Early, PulseWindow? Late, double[] BeforeTransfer, double[] AfterTransfer);

/// <summary>Pulses that each weight received during a window of the training.</summary>
/// <param name="Images">Length of the window.</param>
/// <param name="Total">Pulses of either direction, weight by weight.</param>
/// <param name="Net">Upward less downward pulses, weight by weight.</param>
internal sealed record PulseWindow(long Images, double[] Total, double[] Net);

/// <summary>Watches the first layer of a network while it trains.</summary>
internal sealed class Observer
{
    /// <summary>Images over which pulses are counted: two transfer intervals of the published cell.</summary>
    public const long Window = 16_000;

    private const int MostValues = 20_000; // a report needs no more to show a distribution

    private readonly AnalogTile tile;
    private PulseWindow? early, late;
    private long images;

    public Observer(nn.Module model)
    {
        tile = model.AnalogTiles().First().Tile;
        tile.CountPulses();
    }

    /// <summary>Takes note of a training step.</summary>
    public void After(long count)
    {
        images += count;
        if (images < Window)
            return;
        late = Counted();
        early ??= late;
        tile.CountPulses();
        images = 0;
    }

    /// <summary>Looks at the hardware a last time, and writes its weights into it once more.</summary>
    public Findings Finish()
    {
        using var scope = NewDisposeScope();
        early ??= Counted();
        late ??= early;
        var observables = tile.Cells.Observables.Select(entry => new Sample(entry.Name, Values(entry.Values))).ToArray();
        var before = tile.Cells.Weights.clone();
        tile.Cells.Write(before);
        return new(observables, early, late, Values(before), Values(tile.Cells.Weights));
    }

    private PulseWindow Counted()
    {
        using var scope = NewDisposeScope();
        var (up, down) = tile.Cells.PulseCounts!.Value;
        return new(images, Values((up + down).to(ScalarType.Float32)), Values((up - down).to(ScalarType.Float32)));
    }

    private static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.detach().flatten();
        var stride = Math.Max(1, flat.NumberOfElements / MostValues);
        return flat.slice(0, 0, flat.NumberOfElements, stride).to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
    }
}
