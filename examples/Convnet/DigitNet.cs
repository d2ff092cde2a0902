using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace OwnModel;

/// <summary>A network as one writes it for TorchSharp: two convolutions with pooling, then two linear layers.</summary>
internal sealed class DigitNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(1, 8, 5);
    private readonly Conv2d conv2 = Conv2d(8, 16, 5);
    private readonly Linear fc1 = Linear(256, 64);
    private readonly Linear fc2 = Linear(64, 10);

    public DigitNet() : base(nameof(DigitNet)) => RegisterComponents();

    public override Tensor forward(Tensor images) // [batch, 1, 28, 28]
    {
        var x = max_pool2d(tanh(conv1.call(images)), 2);
        x = max_pool2d(tanh(conv2.call(x)), 2);
        x = tanh(fc1.call(x.flatten(1)));
        return fc2.call(x);
    }
}
