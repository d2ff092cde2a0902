using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Layers of nothing: as torch, beside layers on tiles, and named in the report.</summary>
public class WithoutWeightsTests
{
    public static TheoryData<string> Layers => new("Linear(0, 3)", "Linear(3, 0)", "Conv2d(0, 3)");

    [Theory]
    [MemberData(nameof(Layers))]
    public void ALayerWithoutWeightsStaysDigital(string name)
    {
        using var scope = NewDisposeScope();
        if (Create(name) is not { } created)
            return; // refused by torch itself
        var (layer, input) = created;
        var other = Linear(4, 2);
        var model = Sequential(layer, other);
        var report = model.ToAnalog(PcmPresets.MspLsp, seed: 1);
        var row = Assert.Single(report.Rows, row => row.Name == "0");
        Assert.False(row.IsAnalog);
        Assert.Equal("digital: a matrix without weights", row.Note);
        using var optimizer = new AnalogSGD(model.parameters(), 0.1);
        (layer.call(input).sum() + other.call(ones(3, 4)).sum()).backward();
        optimizer.step();
        var alone = Create(name)!.Value.Layer;
        var message = Assert.Throws<ArgumentException>(() => alone.ToAnalog(PcmPresets.MspLsp)).Message;
        Sentence.Check(message);
    }

    private static (Module<Tensor, Tensor> Layer, Tensor Input)? Create(string name)
    {
        try
        {
            return name switch
            {
                "Linear(0, 3)" => (Linear(0, 3), ones(3, 0)),
                "Linear(3, 0)" => (Linear(3, 0), ones(3, 3)),
                _ => (Conv2d(0, 3, 2), ones(1, 0, 4, 4)),
            };
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            return null;
        }
    }
}
