using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Conductance;

public class StableMemoryTests
{
    [Fact]
    public void AMemoryWithoutRangeIsRefused()
    {
        using var layer = Linear(4, 3);
        var exception = Assert.ThrowsAny<ArgumentException>(() => layer.Program(PcmPresets.Inference with { Memory = new IdealMemory { GMin = 25 * Units.uS, GMax = 25 * Units.uS } }, seed: 1));
        Assert.Contains("IdealMemory", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>A reference column for all outputs is one more device for each input, whether tiles have a size or not.</summary>
    [Fact]
    public void AnOffsetColumnCountsItsSharedDevices()
    {
        using var layer = Linear(10, 4, hasBias: false);
        using var chip = layer.Program(PcmPresets.Inference with { Map = new OffsetColumn() }, seed: 1);
        Assert.Equal(10 * 4 + 10, chip.Report.Devices);
    }

    /// <summary>What is left of digital training is not taken for a layer that was bypassed.</summary>
    [Fact]
    public void ALayerMayBeTrainedDigitallyFirst()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(4, 3);
        layer.call(ones(2, 4)).sum().backward();
        layer.ToAnalog(PcmPresets.MspLsp, seed: 1);
        using var optimizer = new AnalogSGD(layer.parameters(), 0.1);
        layer.call(ones(2, 4)).sum().backward();
        optimizer.step();
        Assert.True(AnalogLayer.TryGetTile(layer, out var tile));
        Assert.Equal(2, tile.Cells.Examples);
    }
}
