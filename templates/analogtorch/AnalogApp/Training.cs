using AnalogTorch.Models.Data;
using AnalogTorch.Optim;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogApp;

/// <summary>The loop that trains, and what it is tested by.</summary>
public static class Training
{
    /// <summary>Goes over the images once, one by one: on analog memory every step sends pulses.</summary>
    public static void Epoch(Module<Tensor, Tensor> network, ImageSet images, double rate)
    {
        network.train();
        using var optimizer = new AnalogSGD(network.parameters(), rate);
        using var loss = CrossEntropyLoss();
        var pixels = images.Flatten();
        for (var i = 0; i < images.Count; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(network.call(pixels.narrow(0, i, 1)), images.Labels.narrow(0, i, 1)).backward();
            optimizer.step();
        }
    }

    /// <summary>Share of the images that the network gets right.</summary>
    public static double Accuracy(Module<Tensor, Tensor> network, ImageSet images)
    {
        network.eval();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return network.call(images.Flatten()).argmax(1).eq(images.Labels).to_type(ScalarType.Float32).mean().item<float>();
    }
}
