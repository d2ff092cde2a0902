// What a program writes once, as a global using, to make code analog that calls layers by forward.
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Conv2d = AnalogTorch.Layers.AnalogConv2d;
using Linear = AnalogTorch.Layers.AnalogLinear;
using LSTM = AnalogTorch.Layers.AnalogLSTM;

namespace AnalogTorch.Tests.Layers;

/// <summary>Aliases make analog what hooks cannot reach, and nothing else in the code changes.</summary>
public class AliasTests
{
    [Fact]
    public void CodeThatCallsForwardRunsOnTiles()
    {
        using var scope = NewDisposeScope();
        var network = new Network();
        var x = ones(2, 1, 6, 6);
        var digital = network.forward(x).detach();
        Assert.Equal(["conv.weight", "conv.bias", "fc.weight", "fc.bias", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0"], network.named_parameters().Select(entry => entry.name));
        var report = network.ToAnalog(PcmPresets.MspLsp, seed: 1);
        Assert.Equal(["conv", "fc", "lstm.ih_l0", "lstm.hh_l0"], report.Rows.Select(row => row.Name));
        Assert.True((network.forward(x) - digital).abs().max().item<float>() < 0.1f);
        using var optimizer = new AnalogSGD(network.parameters(), 0.1);
        for (var step = 0; step < 3; step++)
        {
            optimizer.zero_grad();
            network.forward(x).square().sum().backward();
            optimizer.step();
        }
        Assert.All(network.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Pulses > 0, entry.Name));
    }

    private sealed class Network : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(1, 4, 3);
        private readonly Linear fc = Linear(4, 5);
        private readonly LSTM lstm = LSTM(5, 3);

        public Network() : base(nameof(Network)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var features = conv.forward(input).flatten(2).permute(2, 0, 1);
            return lstm.forward(fc.forward(features)).Item1;
        }
    }
}
